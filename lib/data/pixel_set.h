// Labelled images of equal size in memory: what the idx and CIFAR readers return and `convert` writes to fovea.images.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fovea::data {

struct PixelSet {
  int64_t count = 0, height = 0, width = 0, channels = 0;
  std::vector<uint8_t> pixels = {};         // [N,H,W,C], RGB
  std::vector<int32_t> labels = {};         // [N], or empty
  std::vector<std::string> label_set = {};  // [K], or empty
};

}  // namespace fovea::data
