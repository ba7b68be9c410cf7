// Reading tests/vectors/caption into tensors.
#pragma once

#include <string>

#include "io/json.h"
#include "source_path.h"
#include "tensor/tensor.h"

namespace fovea::testing {

inline io::Json caption_vector(const std::string& name) {
  return io::read_json_file(source_path("tests/vectors/caption/" + name + ".json"));
}

inline void collect(const io::Json& json, std::vector<double>& out) {
  if (json.is_array()) {
    for (const io::Json& item : json) collect(item, out);
  } else {
    out.push_back(json.get<double>());
  }
}

inline Tensor to_tensor(const io::Json& json, DType dtype = DType::kF64) {
  std::vector<int64_t> extents;
  for (const io::Json* level = &json; level->is_array(); level = &(*level)[0])
    extents.push_back(static_cast<int64_t>(level->size()));
  std::vector<double> values;
  collect(json, values);
  return Tensor::from<double>(Shape(std::span<const int64_t>(extents)), values).to(dtype);
}

inline Tensor transposed(const Tensor& x) {
  Tensor out = Tensor::empty({x.extent(1), x.extent(0)}, x.dtype());
  for (int64_t r = 0; r < x.extent(0); ++r) {
    for (int64_t c = 0; c < x.extent(1); ++c) {
      if (x.dtype() == DType::kF64)
        out.data<double>()[c * x.extent(0) + r] = x.at(r * x.extent(1) + c);
      else
        out.data<float>()[c * x.extent(0) + r] = static_cast<float>(x.at(r * x.extent(1) + c));
    }
  }
  return out;
}

inline double largest_difference(const Tensor& a, const Tensor& b) {
  if (a.count() != b.count()) return 1e300;
  double worst = 0;
  for (int64_t i = 0; i < a.count(); ++i) {
    const double difference = std::abs(a.at(i) - b.at(i));
    if (!(difference <= worst)) worst = difference;
  }
  return worst;
}

}  // namespace fovea::testing
