// The numeric test vectors under tests/vectors/: JSON, nested lists in NCHW order.
#pragma once

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "source_path.h"
#include "tensor/tensor.h"

namespace fovea::vectors {

inline nlohmann::json load(const std::string& name) {
  std::ifstream file(source_path("tests/vectors/" + name));
  REQUIRE(file.good());
  return nlohmann::json::parse(file);
}

inline void flatten(const nlohmann::json& value, std::vector<double>& out, std::vector<int64_t>& shape,
                    size_t depth = 0) {
  if (!value.is_array()) {
    out.push_back(value.get<double>());
    return;
  }
  if (shape.size() == depth) shape.push_back(static_cast<int64_t>(value.size()));
  for (const auto& item : value) flatten(item, out, shape, depth + 1);
}

// Any nested list as an f64 tensor of its own shape.
inline Tensor tensor(const nlohmann::json& value) {
  std::vector<double> values;
  std::vector<int64_t> shape;
  flatten(value, values, shape);
  return Tensor::from<double>(Shape(std::span<const int64_t>(shape)), values);
}

// [N,C,H,W] -> [N,H,W,C]; other ranks as they are.
inline Tensor nhwc(const nlohmann::json& value) {
  const Tensor in = tensor(value);
  if (in.rank() != 4) return in;
  const int64_t n = in.extent(0), c = in.extent(1), h = in.extent(2), w = in.extent(3);
  Tensor out = Tensor::empty({n, h, w, c}, DType::kF64);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t k = 0; k < c; ++k)
      for (int64_t p = 0; p < h * w; ++p)
        out.data<double>()[(i * h * w + p) * c + k] = in.data<double>()[(i * c + k) * h * w + p];
  return out;
}

// Largest |a - b| / max(1, |b|).
inline double worst_difference(const Tensor& a, const Tensor& b) {
  REQUIRE(a.count() == b.count());
  double worst = 0;
  for (int64_t i = 0; i < a.count(); ++i) {
    const double difference = std::abs(a.at(i) - b.at(i)) / std::max(1.0, std::abs(b.at(i)));
    worst = std::max(worst, std::isnan(difference) ? 1e300 : difference);
  }
  return worst;
}

}  // namespace fovea::vectors
