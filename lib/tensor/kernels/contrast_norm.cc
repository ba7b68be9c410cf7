#include "tensor/kernels/contrast_norm.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/parallel.h"
#include "tensor/kernels/dispatch.h"

namespace fovea::kernels {
namespace {

template <typename T>
class ContrastNorm {
 public:
  ContrastNorm(int64_t height, int64_t width, const ContrastNormParameters& parameters)
      : height_(height),
        width_(width),
        parameters_(parameters),
        plane_(static_cast<size_t>(height * width)),
        work_(plane_),
        deviation_(plane_),
        values_(plane_) {
    const int64_t radius = parameters.size / 2;
    double sum = 0;
    for (int64_t i = -radius; i <= radius; ++i) {
      taps_.push_back(std::exp(-static_cast<double>(i * i) / (2 * parameters.sigma * parameters.sigma)));
      sum += taps_.back();
    }
    for (double& tap : taps_) tap /= sum;
  }

  // One channel, `step` values from pixel to pixel.
  void run(const T* x, int64_t step, T* y) {
    for (size_t i = 0; i < plane_; ++i) values_[i] = x[static_cast<int64_t>(i) * step];
    blur(values_, work_);
    for (size_t i = 0; i < plane_; ++i) {
      values_[i] -= work_[i];
      deviation_[i] = values_[i] * values_[i];
    }
    blur(deviation_, work_);
    double average = 0;
    for (size_t i = 0; i < plane_; ++i) {
      deviation_[i] = std::sqrt(std::max(work_[i], T{0}));
      average += static_cast<double>(deviation_[i]);
    }
    double floor = parameters_.constant_floor;
    if (parameters_.mean_floor) floor = std::max(floor, average / static_cast<double>(std::max<size_t>(1, plane_)));
    for (size_t i = 0; i < plane_; ++i)
      y[static_cast<int64_t>(i) * step] = values_[i] / std::max(deviation_[i], static_cast<T>(floor));
  }

 private:
  // (w*x)/(w*1); rows, then columns.
  void blur(const std::vector<T>& in, std::vector<T>& out) {
    const auto radius = static_cast<int64_t>(taps_.size()) / 2;
    std::vector<T> rows(plane_);
    for (int64_t x = 0; x < width_; ++x) {
      const int64_t low = std::max(-radius, -x), high = std::min(radius, width_ - 1 - x);
      const T inverse = share(low, high);
      for (int64_t y = 0; y < height_; ++y) {
        T sum = 0;
        for (int64_t d = low; d <= high; ++d) sum += tap(d) * in[static_cast<size_t>(y * width_ + x + d)];
        rows[static_cast<size_t>(y * width_ + x)] = sum * inverse;
      }
    }
    for (int64_t y = 0; y < height_; ++y) {
      const int64_t low = std::max(-radius, -y), high = std::min(radius, height_ - 1 - y);
      T* line = out.data() + y * width_;
      std::fill(line, line + width_, T{0});
      const T inverse = share(low, high);
      for (int64_t d = low; d <= high; ++d) {
        const T factor = tap(d) * inverse;
        const T* from = rows.data() + (y + d) * width_;
        for (int64_t x = 0; x < width_; ++x) line[x] += factor * from[x];
      }
    }
  }
  T tap(int64_t d) const {
    return static_cast<T>(taps_[static_cast<size_t>(d + static_cast<int64_t>(taps_.size()) / 2)]);
  }
  T share(int64_t low, int64_t high) const {
    double sum = 0;
    for (int64_t d = low; d <= high; ++d) sum += taps_[static_cast<size_t>(d + static_cast<int64_t>(taps_.size()) / 2)];
    return static_cast<T>(1 / sum);
  }

  int64_t height_, width_;
  ContrastNormParameters parameters_;
  size_t plane_;
  std::vector<double> taps_;
  std::vector<T> work_, deviation_, values_;
};

}  // namespace

Tensor contrast_norm(const Tensor& x, const ContrastNormParameters& parameters) {
  Tensor y = Tensor::empty(x.shape(), x.dtype());
  const int64_t height = x.extent(1), width = x.extent(2), channels = x.extent(3), plane = height * width * channels;
  by_type(x.dtype(), [&]<typename T>() {
    const T* from = x.data<T>();
    T* to = y.data<T>();
    parallel_tasks(x.extent(0) * channels, [&](int64_t task) {
      const int64_t start = task / channels * plane + task % channels;
      ContrastNorm<T>(height, width, parameters).run(from + start, channels, to + start);
    });
  });
  return y;
}

}  // namespace fovea::kernels
