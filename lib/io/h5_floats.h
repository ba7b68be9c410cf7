// Float datasets of foreign HDF5 files as named tensors. Internal to io.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "io/h5_reader.h"
#include "io/named_tensor.h"

namespace fovea::io {

// Collects tensors and bounds their sum: several links may lead to one dataset, so the file's size does not bound it.
class FloatCollector {
 public:
  explicit FloatCollector(const H5Reader& file) : file_(file) {}
  // Throws Error(kData) if the dataset is missing or no float array.
  void add(const std::string& dataset, std::string name);
  std::vector<NamedTensor> take() { return std::move(tensors_); }

 private:
  const H5Reader& file_;
  int64_t bytes_ = 0;
  std::vector<NamedTensor> tensors_;
};

}  // namespace fovea::io
