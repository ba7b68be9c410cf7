// A network with everything that a consumer needs to use it alone: weights, preprocessing, class names. Read from and
// written to fovea.checkpoint files by every tool (files-and-cli section 5).
#pragma once

#include <string>
#include <vector>

#include "data/dataset.h"
#include "io/checkpoint_file.h"
#include "nn/network.h"

namespace fovea::train {

struct Model {
  nn::Network network;
  data::Preprocess preprocess;
  std::vector<std::string> labels;  // class names, or empty
  std::string path, hash;           // where it came from
  bool has_batch_norm = false;      // false also for folded models
};

// Throws Error(kData) for a wrong file, unknown layers, missing or misshapen arrays.
Model load_model(const std::string& path);
// The same from a checkpoint read already, with its arrays, from `path`.
Model make_model(const io::CheckpointData& data, const std::string& path);

// The arrays of a network as a file has them, and back; `place` is where they stand, for errors: "net.h5: model".
std::vector<io::NamedArray> stored_arrays(const nn::Network& network);
std::vector<nn::Array> network_arrays(const std::vector<io::NamedArray>& stored, const std::string& place);

// Network text, preprocessing, arrays, labels -> data; and the arrays back into a network that has the same text.
void store_model(nn::Network& network, const data::Preprocess& preprocess, const std::vector<std::string>& labels,
                 io::CheckpointData& data);
void restore_arrays(nn::Network& network, const io::CheckpointData& data, const std::string& origin);

// Weights of --init, by name: a layer of another shape (an output layer for other classes) keeps its fresh weights,
// with a warning. Throws Error(kData) if nothing fits.
void take_weights(nn::Network& network, const Model& model);

// The input line of a network as a preprocessing; `resize` is "crop" or "stretch", `side` 0 = the net's own size.
data::Preprocess make_preprocess(const nn::InputSpec& input, const std::string& resize, int64_t side = 0);
std::string preprocess_json(const data::Preprocess& preprocess);
data::Preprocess parse_preprocess(const std::string& json, const std::string& origin);

}  // namespace fovea::train
