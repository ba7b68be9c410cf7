#include "systems/rcnn/region_features.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "base/error.h"

namespace fovea::rcnn {
namespace {

constexpr int kHalfBins = 10;         // of one half-derivative
constexpr double kTextureMax = 0.43;  // of a derivative, picture in 0..1  [authors' code]

uint8_t color_bin(int value, ColorBinRule rule) {
  return static_cast<uint8_t>(rule == ColorBinRule::kFloor ? value * 25 / 256 : (value * 48 + 255) / 510);
}

// First derivative of a Gaussian of deviation 1: gaussian tap times the distance, half of an odd kernel.
struct DerivativeKernel {
  static constexpr int kRadius = 4;
  std::array<float, kRadius + 1> smooth{}, slope{};
  DerivativeKernel() {
    std::array<double, kRadius + 1> taps{};
    double sum = 0;
    for (int i = 0; i <= kRadius; ++i) {
      taps[static_cast<size_t>(i)] = std::exp(-0.5 * i * i);
      sum += (i == 0 ? 1 : 2) * taps[static_cast<size_t>(i)];
    }
    for (size_t i = 0; i <= kRadius; ++i) {
      smooth[i] = static_cast<float>(taps[i] / sum);
      slope[i] = static_cast<float>(static_cast<double>(i) * taps[i] / sum);
    }
  }
};

// out = even kernel over `in` (symmetric) or odd kernel (antisymmetric: right minus left), `in` points at the centre.
void filter_row(const float* in, int64_t count, int64_t step, const std::array<float, 5>& taps, bool odd, float* out) {
  for (int64_t x = 0; x < count; ++x) out[x] = odd ? 0.0F : taps[0] * in[x];
  for (int64_t t = 1; t <= DerivativeKernel::kRadius; ++t) {
    const float tap = taps[static_cast<size_t>(t)];
    const float* after = in + t * step;
    const float* before = in - t * step;
    if (odd) {
      for (int64_t x = 0; x < count; ++x) out[x] += tap * (after[x] - before[x]);
    } else {
      for (int64_t x = 0; x < count; ++x) out[x] += tap * (after[x] + before[x]);
    }
  }
}

// Bin of a signed derivative: 0..9 for its positive, 10..19 for its negative half. Zero is bin 0 of both halves.
uint8_t texture_bin(float value) {
  constexpr auto kScale = static_cast<float>(kHalfBins / kTextureMax);
  const auto bin = static_cast<int>(std::min(std::abs(value) * kScale, kHalfBins - 1.0F));
  return static_cast<uint8_t>(value < 0 ? kHalfBins + bin : bin);
}

// The four directional derivatives of one plane, quantised. A first derivative at any angle is a combination of those
// along x and y (steerable): at 45 degrees (dx + dy) / sqrt(2).
void quantize_texture(const std::vector<uint8_t>& plane, int64_t height, int64_t width, size_t channel,
                      std::vector<uint8_t>& out) {
  static const DerivativeKernel kernel;
  constexpr int64_t kRadius = DerivativeKernel::kRadius;
  const int64_t stride = width + 2 * kRadius;
  std::vector<float> padded(static_cast<size_t>(stride * (2 * kRadius + 1)));  // rolling rows y-4..y+4, clamped borders
  std::vector<float> dx(static_cast<size_t>(width)), dy(static_cast<size_t>(width)),
      vertical(static_cast<size_t>(stride)), slope(static_cast<size_t>(stride));
  std::vector<const float*> rows(2 * kRadius + 1);
  const auto load = [&](int64_t y) {  // into the ring
    const int64_t slot = ((y % (2 * kRadius + 1)) + 2 * kRadius + 1) % (2 * kRadius + 1);
    float* to = padded.data() + slot * stride;
    const uint8_t* from = plane.data() + std::clamp<int64_t>(y, 0, height - 1) * width;
    for (int64_t x = 0; x < kRadius; ++x) to[x] = static_cast<float>(from[0]) / 255.0F;
    for (int64_t x = 0; x < width; ++x) to[x + kRadius] = static_cast<float>(from[x]) / 255.0F;
    for (int64_t x = 0; x < kRadius; ++x) to[x + kRadius + width] = static_cast<float>(from[width - 1]) / 255.0F;
  };
  const auto row = [&](int64_t y) {
    return padded.data() + ((y % (2 * kRadius + 1)) + 2 * kRadius + 1) % (2 * kRadius + 1) * stride;
  };
  for (int64_t y = -kRadius; y < kRadius; ++y) load(y);
  for (int64_t y = 0; y < height; ++y) {
    load(y + kRadius);
    const float* middle = row(y);
    for (int64_t x = 0; x < stride; ++x) vertical[static_cast<size_t>(x)] = kernel.smooth[0] * middle[x];
    std::fill(slope.begin(), slope.end(), 0.0F);
    for (int64_t t = 1; t <= kRadius; ++t) {
      const float* below = row(y + t);
      const float* above = row(y - t);
      const float even = kernel.smooth[static_cast<size_t>(t)], odd = kernel.slope[static_cast<size_t>(t)];
      for (int64_t x = 0; x < stride; ++x) {
        vertical[static_cast<size_t>(x)] += even * (below[x] + above[x]);
        slope[static_cast<size_t>(x)] += odd * (below[x] - above[x]);
      }
    }
    filter_row(vertical.data() + kRadius, width, 1, kernel.slope, true, dx.data());
    filter_row(slope.data() + kRadius, width, 1, kernel.smooth, false, dy.data());
    constexpr auto kDiagonal = static_cast<float>(1 / std::numbers::sqrt2);
    uint8_t* to = out.data() + (y * width * 3 + static_cast<int64_t>(channel)) * 4;
    for (int64_t x = 0; x < width; ++x, to += 12) {
      const float gx = dx[static_cast<size_t>(x)], gy = dy[static_cast<size_t>(x)];
      to[0] = texture_bin(gx);
      to[1] = texture_bin((gx + gy) * kDiagonal);
      to[2] = texture_bin(gy);
      to[3] = texture_bin((gy - gx) * kDiagonal);
    }
  }
}

// One texture count: direction, half, bin. Bins 0 are not counted here but filled in from the region's size, because
// one half of every derivative is always zero.
void count_pixel(const uint8_t* color, const uint8_t* texture, int32_t* color_row, int32_t* texture_row) {
  for (int c = 0; c < 3; ++c) {
    ++color_row[c * 25 + color[c]];
    for (int d = 0; d < 4; ++d) ++texture_row[(c * 4 + d) * 2 * kHalfBins + texture[c * 4 + d]];
  }
}

void fill_zero_bins(int32_t size, int32_t* texture_row) {
  for (int half = 0; half < 3 * 4 * 2; ++half) {
    int32_t* bins = texture_row + half * kHalfBins;
    bins[0] = size;
    for (int b = 1; b < kHalfBins; ++b) bins[0] -= bins[b];
  }
}

// Pairs of labels that touch, sorted and unique.
std::vector<std::pair<int32_t, int32_t>> find_neighbours(const Segmentation& segmentation) {
  std::vector<uint64_t> pairs;
  uint64_t last = 0;
  const auto note = [&](int32_t a, int32_t b) {
    if (a == b) return;
    const uint64_t pair = static_cast<uint64_t>(std::min(a, b)) << 32 | static_cast<uint64_t>(std::max(a, b));
    if (pair != last) pairs.push_back(pair);
    last = pair;
  };
  const int64_t width = segmentation.width;
  const auto thin = [&] {
    std::sort(pairs.begin(), pairs.end());
    pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  };
  for (int64_t y = 0; y < segmentation.height; ++y) {
    const int32_t* row = segmentation.labels.data() + y * width;
    for (int64_t x = 0; x + 1 < width; ++x) note(row[x], row[x + 1]);
    if (y + 1 == segmentation.height) break;
    for (int64_t x = 0; x < width; ++x) note(row[x], row[x + width]);
    if (pairs.size() > size_t{1} << 20) thin();
  }
  thin();
  std::vector<std::pair<int32_t, int32_t>> neighbours;
  neighbours.reserve(pairs.size());
  for (const uint64_t pair : pairs) {
    neighbours.emplace_back(static_cast<int32_t>(pair >> 32), static_cast<int32_t>(pair & 0xffffffffU));
  }
  return neighbours;
}

}  // namespace

PixelBox unite(const PixelBox& a, const PixelBox& b) {
  return {std::min(a.x1, b.x1), std::min(a.y1, b.y1), std::max(a.x2, b.x2), std::max(a.y2, b.y2)};
}

PixelBins quantize(const ColorPlanes& picture, ColorBinRule rule) {
  const auto pixels = static_cast<size_t>(picture.height * picture.width);
  PixelBins bins;
  bins.color.resize(pixels * 3);
  bins.texture.resize(pixels * 12);
  std::array<uint8_t, 256> bin_of{};
  for (int v = 0; v < 256; ++v) bin_of[static_cast<size_t>(v)] = color_bin(v, rule);
  for (size_t c = 0; c < 3; ++c) {
    for (size_t i = 0; i < pixels; ++i) bins.color[i * 3 + c] = bin_of[picture.planes[c][i]];
    quantize_texture(picture.planes[c], picture.height, picture.width, c, bins.texture);
  }
  return bins;
}

RegionSet describe_regions(const Segmentation& segmentation, const PixelBins& bins) {
  const auto count = static_cast<size_t>(segmentation.regions);
  RegionSet set;
  set.regions = segmentation.regions;
  set.picture_pixels = segmentation.height * segmentation.width;
  set.sizes.assign(count, 0);
  set.boxes.assign(count, {INT32_MAX, INT32_MAX, -1, -1});
  set.color.assign(count * kColorBins, 0);
  set.texture.assign(count * kTextureBins, 0);
  size_t i = 0;
  for (int32_t y = 0; y < static_cast<int32_t>(segmentation.height); ++y) {
    for (int32_t x = 0; x < static_cast<int32_t>(segmentation.width); ++x, ++i) {
      const auto r = static_cast<size_t>(segmentation.labels[i]);
      ++set.sizes[r];
      PixelBox& box = set.boxes[r];
      box = {std::min(box.x1, x), std::min(box.y1, y), std::max(box.x2, x), y};
      count_pixel(&bins.color[i * 3], &bins.texture[i * 12], &set.color[r * kColorBins],
                  &set.texture[r * kTextureBins]);
    }
  }
  for (size_t r = 0; r < count; ++r) fill_zero_bins(set.sizes[r], &set.texture[r * kTextureBins]);
  set.neighbours = find_neighbours(segmentation);
  return set;
}

}  // namespace fovea::rcnn
