#include "tensor/kernels/ball.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/parallel.h"

namespace fovea::kernels {
namespace {

constexpr double kSmallestSquare = 1e-12;  // guard of a vanishing gradient

int64_t row_size(const Tensor& x) { return x.extent(0) > 0 ? x.count() / x.extent(0) : 0; }

// A strided part of a row: a whole image (stride 1) or one of its channels.
struct Part {
  int64_t offset, stride, count;
};

Part part_of(const Tensor& x, bool by_channel, int64_t channel) {
  const int64_t size = row_size(x), channels = x.shape().channels();
  return by_channel ? Part{channel, channels, size / channels} : Part{0, 1, size};
}

template <typename T>
double norm_of(const T* row, Part part, Norm norm) {
  double out = 0;
  for (int64_t i = 0; i < part.count; ++i) {
    const double value = static_cast<double>(row[part.offset + i * part.stride]);
    out = norm == Norm::kL2 ? out + value * value : std::max(out, std::abs(value));
  }
  return norm == Norm::kL2 ? std::sqrt(out) : out;
}

template <typename Body>
void for_parts(const Tensor& x, bool by_channel, Body&& body) {
  const int64_t parts = by_channel ? x.shape().channels() : 1;
  parallel_tasks(x.extent(0), [&](int64_t n) {
    for (int64_t c = 0; c < parts; ++c) body(n * row_size(x), part_of(x, by_channel, c));
  });
}

template <typename T>
void shrink(const Tensor& r, Norm norm, double epsilon, bool by_channel, Tensor& y) {
  const T* in = r.data<T>();
  T* out = y.data<T>();
  for_parts(r, by_channel, [&](int64_t begin, Part part) {
    const double size = norm_of(in + begin, part, norm), factor = size > epsilon ? epsilon / size : 1;
    for (int64_t i = 0; i < part.count; ++i) {
      const int64_t at = begin + part.offset + i * part.stride;
      out[at] = static_cast<T>(factor * static_cast<double>(in[at]));
    }
  });
}

// y = s r, s = epsilon / ||r||:  dr = s (dy - d||r|| (r . dy) / ||r||), where d||r|| is r / ||r|| for L2 and the sign
// of the largest element, at its place, for Linf (the first one of several).
template <typename T>
void shrink_backward(const Tensor& r, const Tensor& dy, Norm norm, double epsilon, bool by_channel, Tensor& dr) {
  const T* in = r.data<T>();
  const T* upstream = dy.data<T>();
  T* out = dr.data<T>();
  for_parts(r, by_channel, [&](int64_t begin, Part part) {
    const double size = norm_of(in + begin, part, norm);
    const bool shrunk = size > epsilon;
    const double factor = shrunk ? epsilon / size : 1;
    double product = 0;
    int64_t largest = -1;
    for (int64_t i = 0; i < part.count; ++i) {
      const int64_t at = begin + part.offset + i * part.stride;
      product += static_cast<double>(in[at]) * static_cast<double>(upstream[at]);
      out[at] = static_cast<T>(factor * static_cast<double>(upstream[at]));
      if (largest < 0 && std::abs(static_cast<double>(in[at])) == size) largest = at;
    }
    if (!shrunk) return;
    if (norm == Norm::kLinf) {
      out[largest] -= static_cast<T>(factor * product / static_cast<double>(in[largest]));
      return;
    }
    for (int64_t i = 0; i < part.count; ++i) {
      const int64_t at = begin + part.offset + i * part.stride;
      out[at] -= static_cast<T>(factor * product / (size * size) * static_cast<double>(in[at]));
    }
  });
}

template <typename T>
void project_rows(Tensor& x, const Tensor& center, Norm norm, double epsilon) {
  const int64_t size = row_size(x);
  T* out = x.data<T>();
  const T* middle = center.data<T>();
  const T bound = static_cast<T>(epsilon);
  parallel_tasks(x.extent(0), [&](int64_t n) {
    T* row = out + n * size;
    const T* from = middle + n * size;
    if (norm == Norm::kLinf) {
      for (int64_t i = 0; i < size; ++i) {
        const T near = std::clamp(row[i], from[i] - bound, from[i] + bound);
        row[i] = std::clamp(near, T{0}, T{1});
      }
      return;
    }
    double squares = 0;
    for (int64_t i = 0; i < size; ++i) {
      const double difference = static_cast<double>(row[i]) - static_cast<double>(from[i]);
      squares += difference * difference;
    }
    const double length = std::sqrt(squares), factor = length > epsilon ? epsilon / length : 1;
    for (int64_t i = 0; i < size; ++i) {
      const double difference = static_cast<double>(row[i]) - static_cast<double>(from[i]);
      row[i] = std::clamp(static_cast<T>(static_cast<double>(from[i]) + factor * difference), T{0}, T{1});
    }
  });
}

template <typename T>
void step_rows(Tensor& x, const Tensor& gradient, Norm norm, double size) {
  const int64_t elements = row_size(x);
  T* out = x.data<T>();
  const T* g = gradient.data<T>();
  parallel_tasks(x.extent(0), [&](int64_t n) {
    T* row = out + n * elements;
    const T* slope = g + n * elements;
    if (norm == Norm::kLinf) {
      const T length = static_cast<T>(size);
      for (int64_t i = 0; i < elements; ++i) row[i] += slope[i] > 0 ? length : slope[i] < 0 ? -length : T{0};
      return;
    }
    const double l2 = norm_of(slope, Part{0, 1, elements}, Norm::kL2);
    const double factor = size / std::sqrt(std::max(l2 * l2, kSmallestSquare));
    for (int64_t i = 0; i < elements; ++i) {
      row[i] = static_cast<T>(static_cast<double>(row[i]) + factor * static_cast<double>(slope[i]));
    }
  });
}

}  // namespace

Tensor row_norms(const Tensor& x, Norm norm) {
  Tensor out = Tensor::empty({x.extent(0)}, DType::kF64);
  double* norms = out.data<double>();
  const int64_t size = row_size(x);
  parallel_tasks(x.extent(0), [&](int64_t n) {
    const Part whole{0, 1, size};
    norms[n] = x.dtype() == DType::kF32 ? norm_of(x.data<float>() + n * size, whole, norm)
                                        : norm_of(x.data<double>() + n * size, whole, norm);
  });
  return out;
}

Tensor shrink_to_ball(const Tensor& r, Norm norm, double epsilon, bool by_channel) {
  Tensor y = Tensor::empty(r.shape(), r.dtype());
  if (r.dtype() == DType::kF32)
    shrink<float>(r, norm, epsilon, by_channel, y);
  else
    shrink<double>(r, norm, epsilon, by_channel, y);
  return y;
}

Tensor shrink_to_ball_backward(const Tensor& r, const Tensor& dy, Norm norm, double epsilon, bool by_channel) {
  Tensor dr = Tensor::empty(r.shape(), r.dtype());
  if (r.dtype() == DType::kF32)
    shrink_backward<float>(r, dy, norm, epsilon, by_channel, dr);
  else
    shrink_backward<double>(r, dy, norm, epsilon, by_channel, dr);
  return dr;
}

void project(Tensor& x, const Tensor& center, Norm norm, double epsilon) {
  FOVEA_CHECK(x.shape() == center.shape() && x.dtype() == center.dtype(), "project: {} around {}", x.shape().text(),
              center.shape().text());
  if (x.dtype() == DType::kF32)
    project_rows<float>(x, center, norm, epsilon);
  else
    project_rows<double>(x, center, norm, epsilon);
}

void step_along(Tensor& x, const Tensor& gradient, Norm norm, double size) {
  FOVEA_CHECK(x.shape() == gradient.shape() && x.dtype() == gradient.dtype(), "step_along: {} along {}",
              x.shape().text(), gradient.shape().text());
  if (x.dtype() == DType::kF32)
    step_rows<float>(x, gradient, norm, size);
  else
    step_rows<double>(x, gradient, norm, size);
}

}  // namespace fovea::kernels
