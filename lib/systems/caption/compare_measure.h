// What compare measures of one model. Internal to compare*.cc.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "eval/bleu.h"
#include "systems/caption/caption_data.h"
#include "systems/caption/compare.h"
#include "systems/caption/model_file.h"

namespace fovea::caption {

// Sums of one test image.
struct ImageResult {
  double nll = 0, words = 0;                               // of its references, end words included
  std::map<int64_t, std::pair<double, double>> by_length;  // length class -> nll, words
  eval::BleuStatistics bleu;                               // of the caption written
};

struct ModelResult {
  std::string path, mode;
  int64_t parameters = 0, attention_parameters = 0, per_step = 0, per_image = 0;
  double train_step_ms = 0, caption_ms = 0;  // medians
  double entropy = 0;                        // mean of alpha's, nats; NaN without attention
  int64_t peak_bytes = 0;                    // of tensors during a training step
  std::vector<ImageResult> images;
};

// Length classes of captions: up to 8 words, 9 to 12, more.
int64_t length_class(int64_t words);
std::string length_class_name(int64_t kind);

// Likelihood of the references, entropy of alpha, captions and their BLEU statistics.
ModelResult measure_quality(CaptionModel& model, const CompareOptions& options, const data::CaptionSet& set,
                            FeatureStore& features, const io::GridFeaturesReader& reader);
// Median times over --timing rounds in which every model has a turn; a step has 64 captions of 11 words, a caption 12.
void measure_times(std::vector<CaptionModel>& models, const CompareOptions& options, std::vector<ModelResult>& results);

struct Difference {
  double value = 0, low = 0, high = 0;  // 95 % interval
  bool covers_zero() const { return low <= 0 && high >= 0; }
};
// nats per word of `a` minus `b`, and BLEU-4 of `a` minus `b`; images are drawn with replacement, the same for both.
// The models of one mode (seeds) are averaged within each image.
Difference nll_difference(const std::vector<const ModelResult*>& a, const std::vector<const ModelResult*>& b,
                          int64_t resamples, uint64_t seed);
Difference bleu_difference(const std::vector<const ModelResult*>& a, const std::vector<const ModelResult*>& b,
                           int64_t resamples, uint64_t seed);

}  // namespace fovea::caption
