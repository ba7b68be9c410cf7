#include "data/resample.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace fovea::data {
namespace {

// Keys 1981, a = -1/2.
double cubic(double x) {
  x = std::abs(x);
  if (x <= 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return 0;
}

// For one output position: where its inputs start and how they are weighed.
struct Taps {
  std::vector<int64_t> inputs;
  std::vector<float> weights;
};

std::vector<Taps> make_taps(int64_t from, int64_t to) {
  const double scale = static_cast<double>(to) / static_cast<double>(from);
  const double stretch = std::max(1.0, 1 / scale);  // antialiasing: the kernel covers what one output pixel covers
  std::vector<Taps> taps(static_cast<size_t>(to));
  for (int64_t i = 0; i < to; ++i) {
    const double center = (static_cast<double>(i) + 0.5) / scale - 0.5;
    const auto first = static_cast<int64_t>(std::ceil(center - 2 * stretch));
    const auto last = static_cast<int64_t>(std::floor(center + 2 * stretch));
    std::vector<double> weights;
    double sum = 0;
    for (int64_t j = first; j <= last; ++j) {
      weights.push_back(cubic((static_cast<double>(j) - center) / stretch));
      sum += weights.back();
    }
    Taps& mine = taps[static_cast<size_t>(i)];
    for (int64_t j = first; j <= last; ++j) {
      const int64_t period = ((j % (2 * from)) + 2 * from) % (2 * from);
      mine.inputs.push_back(period < from ? period : 2 * from - 1 - period);
      mine.weights.push_back(static_cast<float>(weights[static_cast<size_t>(j - first)] / sum));
    }
  }
  return taps;
}

}  // namespace

Raster resample_bicubic(const PixelView& pixels, int64_t height, int64_t width) {
  FOVEA_CHECK(pixels.bytes != nullptr, "8-bit pixels are needed");
  const int64_t channels = pixels.channels;
  const std::vector<Taps> across = make_taps(pixels.width, width), down = make_taps(pixels.height, height);
  std::vector<float> narrow(static_cast<size_t>(pixels.height * width * channels), 0.0F);
  for (int64_t y = 0; y < pixels.height; ++y) {
    const uint8_t* row = pixels.bytes + y * pixels.width * channels;
    for (int64_t x = 0; x < width; ++x) {
      const Taps& taps = across[static_cast<size_t>(x)];
      float* out = narrow.data() + (y * width + x) * channels;
      for (size_t t = 0; t < taps.inputs.size(); ++t) {
        for (int64_t c = 0; c < channels; ++c) out[c] += taps.weights[t] * row[taps.inputs[t] * channels + c];
      }
    }
  }
  Raster result{height, width, channels, std::vector<uint8_t>(static_cast<size_t>(height * width * channels)), {}};
  std::vector<float> sums(static_cast<size_t>(width * channels));
  for (int64_t y = 0; y < height; ++y) {
    const Taps& taps = down[static_cast<size_t>(y)];
    std::fill(sums.begin(), sums.end(), 0.0F);
    for (size_t t = 0; t < taps.inputs.size(); ++t) {
      const float* row = narrow.data() + taps.inputs[t] * width * channels;
      for (size_t i = 0; i < sums.size(); ++i) sums[i] += taps.weights[t] * row[i];
    }
    uint8_t* out = result.bytes.data() + y * width * channels;
    for (size_t i = 0; i < sums.size(); ++i) out[i] = static_cast<uint8_t>(std::clamp(sums[i] + 0.5F, 0.0F, 255.0F));
  }
  return result;
}

}  // namespace fovea::data
