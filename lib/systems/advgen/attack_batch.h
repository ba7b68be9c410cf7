// Pictures as attacks read them: pixels in [0,1], RGB, at the size of the classifier's input; its own units come after.
#pragma once

#include <cstdint>
#include <vector>

#include "data/augment.h"
#include "tensor/tensor.h"

namespace fovea::advgen {

struct AttackBatch {
  Tensor x;                     // [N,H,W,C] in [0,1]
  std::vector<int32_t> labels;  // the class to leave, or with `targeted` the class to reach
  std::vector<int64_t> keys;    // what the random stream of an image depends on: its index in the data set
};

// The `items` of a source with their labels, of `preprocess` (the classifier's) its size and cut alone. The keys are
// the items, so that an attack on an image is the same whatever else is attacked. Throws Error(kData) if a picture is
// corrupt.
AttackBatch load_attack_batch(const data::ImageSource& source, std::vector<int64_t> items,
                              const data::Preprocess& preprocess, const data::AugmentConfig& augment = {},
                              const data::SampleKey& key = {});
// Items [begin, end).
AttackBatch load_attack_batch(const data::ImageSource& source, int64_t begin, int64_t end,
                              const data::Preprocess& preprocess);

}  // namespace fovea::advgen
