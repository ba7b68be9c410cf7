// fovea.checkpoint: a network, its parameters, and what exact resumption needs (files-and-cli section 5). This file
// knows names and arrays only; what they mean is the business of nn and train.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/h5_writer.h"
#include "io/json.h"
#include "io/root_attributes.h"

namespace fovea::io {

// /model/<layer>/<parameter>; weights (out,in,kh,kw) and (out,in).
struct NamedArray {
  std::string layer, parameter;
  std::vector<int64_t> shape;
  std::vector<float> values;
};

// /optimizer/<slot>/<layer>/<parameter>
struct NamedSlot {
  std::string slot, layer, parameter;
  std::vector<int64_t> shape;
  std::vector<float> values;
};

struct LogColumn {
  std::string name;
  std::vector<double> values;  // NaN = absent
};

// /training/arrays/<name>: what a system records beside the log.
struct TrainingArray {
  std::string name, axes;
  std::vector<int64_t> shape;
  std::vector<double> values;
};

// What an adversarially trained classifier brings along: /adversary/settings (JSON), and if there is a generator its
// /adversary/network (text) and /adversary/generator/<layer>/<parameter>; "noise" of a universal one is such an array
// too.
struct AdversaryPart {
  std::string settings_json;  // empty: no adversary
  std::string network;        // empty: no generator
  std::vector<NamedArray> arrays;
};

struct CheckpointData {
  RootAttributes root;          // set by read_checkpoint
  std::string network;          // the .net text, verbatim
  std::string preprocess_json;  // input size, channel order, mean/std; may be empty
  std::vector<NamedArray> model;
  std::vector<std::string> labels, vocabulary, joint_names;  // written if not empty

  // What a detector adds to its network: /detector/settings (JSON, empty: no detector) and /detector/<name>.
  std::string detector_json;
  std::vector<TrainingArray> detector;

  AdversaryPart adversary;
  std::string pose_json;  // /pose/settings: what a pose estimator adds to its detector (JSON, empty: none)

  bool has_optimizer = false;
  std::string optimizer_name;
  int64_t optimizer_step = 0;
  double learning_rate = 0;
  std::string schedule_json;
  Json optimizer_extra = Json::object();  // further attributes of /optimizer: text, int, float
  std::vector<NamedSlot> optimizer;

  bool has_training = false;
  Json training = Json::object();  // attributes of /training: text, int, float; anything else is stored as JSON text
  std::vector<uint64_t> rng;       // attribute algorithm = philox4x32-10
  std::vector<uint64_t> sampler;
  std::vector<int64_t> log_steps;  // /training/log/step
  std::vector<LogColumn> log;      // /training/log/<name>
  std::vector<TrainingArray> training_arrays;
};

// Which parts to read besides network, preprocess and labels.
struct CheckpointParts {
  bool model = true, optimizer = true, training = true;
};

// Parameter, slot and column names: not empty, no '/', not "." or "..". Layer and array names may hold '/' between such
// parts; no layer is called "network" or "preprocess".
// Throws Error(kUsage) for such a name. Returns the content hash. `data.root` is ignored, `root.schema` is set.
std::string write_checkpoint(const std::string& target, RootAttributes root, const CheckpointData& data,
                             WriterOptions options = {});

// Arrays come sorted by layer and parameter name. Parts a stripped file does not have leave has_... = false.
// Throws Error(kData) for a damaged file, non-finite parameters included.
CheckpointData read_checkpoint(const std::string& path, CheckpointParts parts = {});

// fovea.log as a file of its own. Reading throws Error(kData).
struct LogTable {
  std::vector<int64_t> steps;
  std::vector<LogColumn> columns;
};
LogTable read_log_file(const std::string& path);
std::string write_log_file(const std::string& target, RootAttributes root, const std::vector<int64_t>& steps,
                           const std::vector<LogColumn>& columns, WriterOptions options = {});

}  // namespace fovea::io
