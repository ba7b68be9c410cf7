#include "data/raster.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "io/picture.h"

namespace fovea::data {
namespace {

int mat_type(const PixelView& pixels) {
  const int channels = static_cast<int>(pixels.channels);
  return pixels.bytes != nullptr ? CV_8UC(channels) : CV_32FC(channels);
}

cv::Mat wrap(const PixelView& pixels) {
  const void* data = pixels.bytes != nullptr ? static_cast<const void*>(pixels.bytes) : pixels.floats;
  // OpenCV has no const matrix header; sources are only read.
  return {static_cast<int>(pixels.height), static_cast<int>(pixels.width), mat_type(pixels), const_cast<void*>(data)};
}

Raster allocate(const PixelView& like, int64_t height, int64_t width) {
  Raster raster{height, width, like.channels, {}, {}};
  const auto count = static_cast<size_t>(height * width * like.channels);
  if (like.bytes != nullptr) {
    raster.bytes.resize(count);
  } else {
    raster.floats.resize(count);
  }
  return raster;
}

// We are parallel over pictures; OpenCV's own threads would fight ours.
void use_one_thread() {
  static std::once_flag once;
  std::call_once(once, [] { cv::setNumThreads(1); });
}

// Reads one pixel's channels as floats, converted to `channels` (a compile-time pair for speed).
template <typename T, int kFrom, int kTo>
void copy_row(const T* from, int64_t count, int64_t step, float* out) {
  for (int64_t i = 0; i < count; ++i, from += step * kFrom, out += kTo) {
    if constexpr (kFrom == kTo) {
      for (int c = 0; c < kTo; ++c) out[c] = static_cast<float>(from[c]);
    } else if constexpr (kFrom == 1) {
      out[0] = out[1] = out[2] = static_cast<float>(from[0]);
    } else {
      out[0] = 0.299f * static_cast<float>(from[0]) + 0.587f * static_cast<float>(from[1]) +
               0.114f * static_cast<float>(from[2]);
    }
  }
}

template <typename T, int kFrom, int kTo>
void copy_pixels(const T* pixels, const PixelView& view, const Window& window, bool mirror, float* out) {
  const int64_t x0 = std::clamp<int64_t>(window.left, 0, view.width);
  const int64_t x1 = std::clamp<int64_t>(window.left + window.width, x0, view.width);
  std::fill_n(out, window.height * window.width * kTo, 0.0f);
  for (int64_t y = 0; y < window.height; ++y) {
    const int64_t source_y = window.top + y;
    if (source_y < 0 || source_y >= view.height || x0 == x1) continue;
    const T* row = pixels + source_y * view.width * kFrom;
    // Column j of the window lands at j, or at width-1-j when mirrored: then the source is walked from its right end.
    const int64_t first = mirror ? window.left + window.width - x1 : x0 - window.left;
    copy_row<T, kFrom, kTo>(row + (mirror ? x1 - 1 : x0) * kFrom, x1 - x0, mirror ? -1 : 1,
                            out + (y * window.width + first) * kTo);
  }
}

template <typename T>
void copy_typed(const T* pixels, const PixelView& view, const Window& window, bool mirror, int64_t channels,
                float* out) {
  if (view.channels == 1 && channels == 1) return copy_pixels<T, 1, 1>(pixels, view, window, mirror, out);
  if (view.channels == 1) return copy_pixels<T, 1, 3>(pixels, view, window, mirror, out);
  if (channels == 1) return copy_pixels<T, 3, 1>(pixels, view, window, mirror, out);
  copy_pixels<T, 3, 3>(pixels, view, window, mirror, out);
}

}  // namespace

PixelView Raster::view() const {
  return {height, width, channels, bytes.empty() ? nullptr : bytes.data(), bytes.empty() ? floats.data() : nullptr,
          nullptr};
}

Raster resize(const PixelView& pixels, int64_t height, int64_t width) {
  FOVEA_CHECK(height > 0 && width > 0, "resize to {} x {}", width, height);
  if (height == pixels.height && width == pixels.width) return cut(pixels, {0, 0, height, width});
  // An extremely long and thin picture would become huge when its short side grows to the net's size.
  if (height > io::kMaxPicturePixels / width) {
    fail(ErrorKind::kData, "a picture of {} x {} is too long and thin to be resized to {} x {}", pixels.width,
         pixels.height, width, height);
  }
  use_one_thread();
  Raster raster = allocate(pixels, height, width);
  const PixelView target = raster.view();
  cv::Mat out = wrap(target);
  const bool shrink = height <= pixels.height && width <= pixels.width;
  cv::resize(wrap(pixels), out, out.size(), 0, 0, shrink ? cv::INTER_AREA : cv::INTER_LINEAR);
  return raster;
}

Raster cut(const PixelView& pixels, const Window& window) {
  FOVEA_CHECK(window.top >= 0 && window.left >= 0 && window.height > 0 && window.width > 0 &&
                  window.top + window.height <= pixels.height && window.left + window.width <= pixels.width,
              "window {}x{}+{}+{} of a {}x{} picture", window.width, window.height, window.left, window.top,
              pixels.width, pixels.height);
  Raster raster = allocate(pixels, window.height, window.width);
  const int64_t row = window.width * pixels.channels;
  for (int64_t y = 0; y < window.height; ++y) {
    const int64_t from = ((window.top + y) * pixels.width + window.left) * pixels.channels;
    if (pixels.bytes != nullptr) std::copy_n(pixels.bytes + from, row, raster.bytes.data() + y * row);
    if (pixels.floats != nullptr) std::copy_n(pixels.floats + from, row, raster.floats.data() + y * row);
  }
  return raster;
}

std::pair<int64_t, int64_t> resized_size(const Preprocess& preprocess, double side, int64_t height, int64_t width) {
  const auto net_height = static_cast<double>(preprocess.height), net_width = static_cast<double>(preprocess.width);
  const double enlarge = side <= 0 ? 1.0 : side / std::min(net_height, net_width);
  const double scale =
      std::max(net_height * enlarge / static_cast<double>(height), net_width * enlarge / static_cast<double>(width));
  return {std::max<int64_t>(preprocess.height, std::llround(scale * static_cast<double>(height))),
          std::max<int64_t>(preprocess.width, std::llround(scale * static_cast<double>(width)))};
}

void copy_window(const PixelView& pixels, const Window& window, bool mirror, int64_t channels, float* out) {
  if (pixels.bytes != nullptr) {
    copy_typed(pixels.bytes, pixels, window, mirror, channels, out);
  } else {
    copy_typed(pixels.floats, pixels, window, mirror, channels, out);
  }
}

void normalize(const Preprocess& preprocess, float* sample) {
  const int64_t channels = preprocess.channels;
  const int64_t count = preprocess.height * preprocess.width;
  const auto pick = [](const std::vector<float>& values, int64_t c, float otherwise) {
    return values.empty() ? otherwise : values[values.size() == 1 ? 0 : static_cast<size_t>(c)];
  };
  float mean[3] = {0, 0, 0}, scale[3] = {1, 1, 1};
  for (int64_t c = 0; c < channels; ++c) {
    mean[c] = pick(preprocess.mean, c, 0.0f);
    scale[c] = 1.0f / pick(preprocess.stddev, c, 1.0f);
  }
  const bool swap = preprocess.bgr && channels == 3;
  const auto threshold = static_cast<float>(preprocess.threshold);
  for (int64_t i = 0; i < count; ++i, sample += channels) {
    if (swap) std::swap(sample[0], sample[2]);
    for (int64_t c = 0; c < channels; ++c) {
      const float value = preprocess.threshold < 0 ? sample[c] : sample[c] > threshold ? 1.0f : 0.0f;
      sample[c] = (value - mean[c]) * scale[c];
    }
  }
}

}  // namespace fovea::data
