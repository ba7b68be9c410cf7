#include "data/augment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <tuple>

#include "base/error.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "data/raster.h"

namespace fovea::data {
namespace {

// Axes and deviations of the colours of ImageNet pixels (0..1), as published with the ResNet training code of
// facebook/fb.resnet.torch; columns of the matrix are the eigenvectors.
constexpr std::array<double, 3> kColorDeviation = {0.2175, 0.0188, 0.0045};
constexpr double kColorAxes[3][3] = {
    {-0.5675, 0.7192, 0.4009}, {-0.5808, -0.0045, -0.8140}, {-0.5836, -0.6948, 0.4203}};
constexpr double kLuma[3] = {0.299, 0.587, 0.114};
constexpr int kCropAttempts = 10;

double luma(const float* pixel, int64_t channels) {
  return channels == 1 ? pixel[0] : kLuma[0] * pixel[0] + kLuma[1] * pixel[1] + kLuma[2] * pixel[2];
}

// The factor of one adjustment: uniform in [1 - s, 1 + s].
float draw_factor(Rng& rng, double strength) { return static_cast<float>(rng.uniform(1 - strength, 1 + strength)); }

void blend_with(float* sample, int64_t count, float factor, float other) {
  for (int64_t i = 0; i < count; ++i) sample[i] = factor * sample[i] + (1 - factor) * other;
}

void adjust_saturation(float* sample, int64_t pixels, float factor) {
  for (int64_t i = 0; i < pixels; ++i, sample += 3) {
    const auto grey = static_cast<float>(luma(sample, 3));
    for (int c = 0; c < 3; ++c) sample[c] = factor * sample[c] + (1 - factor) * grey;
  }
}

// Turns the chroma plane of YIQ; the luma stays.
void adjust_hue(float* sample, int64_t pixels, double turns) {
  const double angle = 2 * std::numbers::pi * turns;
  const double cosine = std::cos(angle), sine = std::sin(angle);
  for (int64_t i = 0; i < pixels; ++i, sample += 3) {
    const double r = sample[0], g = sample[1], b = sample[2];
    const double y = kLuma[0] * r + kLuma[1] * g + kLuma[2] * b;
    const double in_phase = 0.596 * r - 0.274 * g - 0.322 * b;
    const double quadrature = 0.211 * r - 0.523 * g + 0.312 * b;
    const double turned_i = cosine * in_phase - sine * quadrature;
    const double turned_q = sine * in_phase + cosine * quadrature;
    sample[0] = static_cast<float>(y + 0.956 * turned_i + 0.621 * turned_q);
    sample[1] = static_cast<float>(y - 0.272 * turned_i - 0.647 * turned_q);
    sample[2] = static_cast<float>(y - 1.106 * turned_i + 1.703 * turned_q);
  }
}

void add_lighting(float* sample, int64_t pixels, double deviation, Rng& rng) {
  float shift[3] = {0, 0, 0};
  for (size_t axis = 0; axis < 3; ++axis) {
    const double amount = 255 * deviation * rng.normal() * kColorDeviation[axis];
    for (size_t c = 0; c < 3; ++c) shift[c] += static_cast<float>(amount * kColorAxes[c][axis]);
  }
  for (int64_t i = 0; i < pixels; ++i, sample += 3) {
    for (int c = 0; c < 3; ++c) sample[c] += shift[c];
  }
}

void adjust_contrast(float* sample, int64_t pixels, int64_t channels, float factor) {
  double sum = 0;
  for (int64_t i = 0; i < pixels; ++i) sum += luma(sample + i * channels, channels);
  blend_with(sample, pixels * channels, factor, static_cast<float>(sum / static_cast<double>(pixels)));
}

// Brightness, contrast and saturation in random order (Howard 2013), then hue and lighting; grey pictures have no
// colour.
void distort(float* sample, int64_t pixels, int64_t channels, const AugmentConfig& config, Rng& rng) {
  const double scale = config.photometric_scale;
  std::array<int, 3> order = {0, 1, 2};
  for (uint32_t i = 2; i > 0; --i) std::swap(order[i], order[rng.below(i + 1)]);
  for (const int kind : order) {
    if (kind == 0) blend_with(sample, pixels * channels, draw_factor(rng, config.brightness * scale), 0.0f);
    if (kind == 1) adjust_contrast(sample, pixels, channels, draw_factor(rng, config.contrast * scale));
    if (kind == 2 && channels == 3) adjust_saturation(sample, pixels, draw_factor(rng, config.saturation * scale));
  }
  if (channels == 3) {
    adjust_hue(sample, pixels, rng.uniform(-config.hue, config.hue) * scale);
    add_lighting(sample, pixels, config.lighting * scale, rng);
  }
  for (int64_t i = 0; i < pixels * channels; ++i) sample[i] = std::clamp(sample[i], 0.0f, 255.0f);
}

int64_t draw_below(Rng& rng, int64_t bound) { return rng.below(static_cast<uint32_t>(bound)); }

// A window of random area and aspect ratio; after ten misses the largest centred one of the net's aspect.
Window draw_resized_window(const PixelView& pixels, const Preprocess& preprocess, const AugmentConfig& config,
                           Rng& rng) {
  const double area = static_cast<double>(pixels.height) * static_cast<double>(pixels.width);
  const double aspect = static_cast<double>(preprocess.width) / static_cast<double>(preprocess.height);
  for (int attempt = 0; attempt < kCropAttempts; ++attempt) {
    const double target = area * rng.uniform(config.area_min, config.area_max);
    const double ratio = aspect * std::exp(rng.uniform(std::log(config.ratio_min), std::log(config.ratio_max)));
    const int64_t width = std::llround(std::sqrt(target * ratio)), height = std::llround(std::sqrt(target / ratio));
    if (width < 1 || height < 1 || width > pixels.width || height > pixels.height) continue;
    const int64_t top = draw_below(rng, pixels.height - height + 1);
    return {top, draw_below(rng, pixels.width - width + 1), height, width};
  }
  const double fit = std::min(static_cast<double>(pixels.width) / aspect, static_cast<double>(pixels.height));
  const int64_t height = std::clamp<int64_t>(std::llround(fit), 1, pixels.height);
  const int64_t width = std::clamp<int64_t>(std::llround(fit * aspect), 1, pixels.width);
  return {(pixels.height - height) / 2, (pixels.width - width) / 2, height, width};
}

// Geometry up to the mirror: leaves floats 0..255 in out.
void place(const PixelView& pixels, const Preprocess& preprocess, const AugmentConfig& config, Rng& rng, float* out) {
  const Window net{0, 0, preprocess.height, preprocess.width};
  const bool mirror = config.flip && rng.below(2) == 1;
  const int64_t channels = preprocess.channels;
  if (config.random_resized_crop) {
    const Window window = draw_resized_window(pixels, preprocess, config, rng);
    const Raster resized = resize(cut(pixels, window).view(), net.height, net.width);
    return copy_window(resized.view(), net, mirror, channels, out);
  }
  auto [height, width] =
      resized_size(preprocess, static_cast<double>(preprocess.resize_side), pixels.height, pixels.width);
  if (preprocess.resize == ResizeMode::kStretch) std::tie(height, width) = std::pair{net.height, net.width};
  Window window = net;
  const int64_t slack_y = height - net.height, slack_x = width - net.width;
  if (config.random_crop || config.pad > 0) {
    window.top = draw_below(rng, slack_y + 2 * config.pad + 1) - config.pad;
    window.left = draw_below(rng, slack_x + 2 * config.pad + 1) - config.pad;
  } else {
    window.top = slack_y / 2;
    window.left = slack_x / 2;
  }
  if (height == pixels.height && width == pixels.width) return copy_window(pixels, window, mirror, channels, out);
  copy_window(resize(pixels, height, width).view(), window, mirror, channels, out);
}

}  // namespace

void check_augment(const AugmentConfig& config) {
  const auto require = [](bool good, const char* what) {
    if (!good) fail(ErrorKind::kUsage, "augmentation: {}", what);
  };
  require(config.pad >= 0 && config.pad <= 4096, "expected 0 <= pad <= 4096");
  require(config.area_min > 0 && config.area_min <= config.area_max && config.area_max <= 1,
          "expected 0 < area_min <= area_max <= 1");
  require(config.ratio_min > 0 && config.ratio_min <= config.ratio_max && config.ratio_max < 1e3,
          "expected 0 < ratio_min <= ratio_max");
  require(config.photometric_scale >= 0, "expected photometric scale >= 0");
  const double largest = std::max({config.brightness, config.contrast, config.saturation});
  require(std::min({config.brightness, config.contrast, config.saturation, config.hue, config.lighting}) >= 0,
          "expected strengths >= 0");
  require(largest * config.photometric_scale < 1, "expected photometric scale x strength < 1");
}

void load_sample(const PixelView& pixels, int64_t item, const Preprocess& preprocess, const AugmentConfig& augment,
                 const SampleKey& key, float* out) {
  Rng rng(key.seed, RngPurpose::kAugment, key.epoch, static_cast<uint64_t>(item));
  place(pixels, preprocess, augment, rng, out);
  if (augment.photometric_scale > 0) {
    distort(out, preprocess.height * preprocess.width, preprocess.channels, augment, rng);
  }
  normalize(preprocess, out);
}

void load_sample(const ImageSource& source, int64_t item, const Preprocess& preprocess, const AugmentConfig& augment,
                 const SampleKey& key, float* out) {
  load_sample(source.pixels(item), item, preprocess, augment, key, out);
}

void load_batch(const ImageSource& source, const std::vector<int64_t>& items, const Preprocess& preprocess,
                const AugmentConfig& augment, const SampleKey& key, float* out) {
  const int64_t size = preprocess.height * preprocess.width * preprocess.channels;
  parallel_tasks(static_cast<int64_t>(items.size()), [&](int64_t i) {
    load_sample(source, items[static_cast<size_t>(i)], preprocess, augment, key, out + i * size);
  });
}

}  // namespace fovea::data
