// caption-attend eval: what it can be told, and the command.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/common.h"
#include "cli/option.h"

namespace fovea::caption {

struct EvalOptions {
  std::string captions, pred;                  // fovea.captions: the operand or --pred
  std::string data, split;                     // fovea.images
  std::string coco_annotations, coco_results;  // JSON instead of either
  std::string versus;                          // fovea.captions
  std::string tokenizer = "ptb";
  bool keep_punctuation = false, listed_only = false;
  std::string idf_from, idf_split, wordnet;
  std::string report = "summary";  // summary | images | length | pointing
  std::vector<int64_t> length_bins{8, 10, 12, 15};
  int64_t bootstrap = 0;
  std::string export_coco, require;
};
void declare_eval(cli::OptionTable& table, EvalOptions& options);
int evaluate(const EvalOptions& options, const cli::Invocation& invocation);

}  // namespace fovea::caption
