// Arrays of other frameworks as parameters of our layers: names and layouts.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "io/named_tensor.h"
#include "nn/network.h"

namespace fovea::bn {

enum class ForeignFormat { kCaffe, kKeras, kOnnx, kNumpy, kHdf5 };

// Every parameter and buffer of `network` gets the array that belongs to it:
//   name    "layer/weight" after normalisation: separators . _ : and / are alike; kernel = weight = w = W, Caffe's blob
//           numbers 0 = weight, 1 = bias; beta, gamma, moving_mean = running_mean, moving_variance = running_var
//   layout  Keras convolutions (kh,kw,in,out) and dense (in,out) are transposed; dense behind a flatten also from
//           HWC to CHW columns; Caffe's legacy (1,1,out,in) is taken as (out,in); Caffe BatchNorm's scale factor is
//           divided out
// `renames` (file name -> "layer/parameter") come first. Throws Error(kData) naming the arrays that are missing, do not
// fit, or belong to nothing.
std::vector<nn::Array> match_weights(std::vector<io::NamedTensor> tensors, ForeignFormat format,
                                     const std::map<std::string, std::string>& renames, nn::Network& network,
                                     const std::string& origin);

}  // namespace fovea::bn
