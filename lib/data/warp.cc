#include "data/warp.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "base/text.h"
#include "data/raster.h"

namespace fovea::data {
namespace {

// Half away from zero.
int64_t round_half(double value) { return std::llround(value); }

void clip_source(WarpGeometry& g, int64_t picture_width, int64_t picture_height, int64_t pads[4]) {
  pads[0] = std::max<int64_t>(0, -g.unclipped[0]);
  pads[1] = std::max<int64_t>(0, -g.unclipped[1]);
  pads[2] = std::max<int64_t>(0, g.unclipped[2] - picture_width + 1);
  pads[3] = std::max<int64_t>(0, g.unclipped[3] - picture_height + 1);
  g.source[0] = g.unclipped[0] + pads[0];
  g.source[1] = g.unclipped[1] + pads[1];
  g.source[2] = g.unclipped[2] - pads[2];
  g.source[3] = g.unclipped[3] - pads[3];
}

// The box alone, scaled to fit into the crop less its padding, centred.
WarpGeometry isotropic_geometry(const Box& box, int64_t picture_width, int64_t picture_height, int64_t crop,
                                int64_t padding, bool mirror) {
  WarpGeometry g;
  const double corners[4] = {box.x1, box.y1, box.x2, box.y2};
  for (int i = 0; i < 4; ++i) g.unclipped[i] = round_half(corners[i]);
  int64_t pads[4];
  clip_source(g, picture_width, picture_height, pads);
  const int64_t w = g.source[2] - g.source[0] + 1, h = g.source[3] - g.source[1] + 1;
  if (w <= 0 || h <= 0) return g;
  const auto room = static_cast<double>(crop - 2 * padding);
  g.scale_x = g.scale_y = room / static_cast<double>(std::max(w, h));
  g.width = std::clamp<int64_t>(round_half(static_cast<double>(w) * g.scale_x), 1, crop);
  g.height = std::clamp<int64_t>(round_half(static_cast<double>(h) * g.scale_y), 1, crop);
  g.offset_x = (crop - g.width) / 2;
  g.offset_y = (crop - g.height) / 2;
  if (mirror) g.offset_x = crop - g.width - g.offset_x;
  return g;
}

// Linear interpolation along one axis: out[i] lies between in[low[i]] and in[high[i]].
struct Axis {
  std::vector<int32_t> low, high, nearest;
  std::vector<float> fraction;
  Axis(int64_t first, int64_t from, int64_t to, bool mirror) {
    for (int64_t i = 0; i < to; ++i) {
      const int64_t position = mirror ? to - 1 - i : i;
      const double center =
          (static_cast<double>(position) + 0.5) * static_cast<double>(from) / static_cast<double>(to) - 0.5;
      const double inside = std::clamp(center, 0.0, static_cast<double>(from - 1));
      const auto base = static_cast<int64_t>(inside);
      low.push_back(static_cast<int32_t>(first + base));
      high.push_back(static_cast<int32_t>(first + std::min(base + 1, from - 1)));
      fraction.push_back(static_cast<float>(inside - static_cast<double>(base)));
      nearest.push_back(static_cast<int32_t>(
          first + std::clamp<int64_t>(static_cast<int64_t>(std::floor(center + 0.5)), 0, from - 1)));
    }
  }
};

// One source row, resized across: [width,C] floats 0..255, converted to C channels.
template <typename T>
void resize_row(const T* row, int64_t from_channels, int64_t to_channels, const Axis& axis, float* out) {
  const auto blend = [](float a, float b, float f) { return a + f * (b - a); };
  for (size_t x = 0; x < axis.low.size(); ++x) {
    const T* a = row + axis.low[x] * from_channels;
    const T* b = row + axis.high[x] * from_channels;
    const float f = axis.fraction[x];
    if (from_channels == to_channels) {
      for (int64_t c = 0; c < to_channels; ++c) *out++ = blend(static_cast<float>(a[c]), static_cast<float>(b[c]), f);
    } else if (from_channels == 1) {
      const float value = blend(static_cast<float>(a[0]), static_cast<float>(b[0]), f);
      for (int64_t c = 0; c < to_channels; ++c) *out++ = value;
    } else {
      const auto luma = [](const T* p) {
        return 0.299F * static_cast<float>(p[0]) + 0.587F * static_cast<float>(p[1]) +
               0.114F * static_cast<float>(p[2]);
      };
      *out++ = blend(luma(a), luma(b), f);
    }
  }
}

void resize_picture_row(const PixelView& picture, int64_t y, int64_t channels, const Axis& axis, float* out) {
  const int64_t at = y * picture.width * picture.channels;
  if (picture.bytes != nullptr) {
    resize_row(picture.bytes + at, picture.channels, channels, axis, out);
  } else {
    resize_row(picture.floats + at, picture.channels, channels, axis, out);
  }
}

// out = (pixel - mean) / stddev in network channel order; `rgb` is overwritten.
struct Normalizer {
  explicit Normalizer(const Preprocess& p)
      : channels(p.channels), bgr(p.bgr && p.channels == 3), threshold(p.threshold) {
    for (int64_t c = 0; c < channels; ++c) {
      const auto pick = [&](const std::vector<float>& list, float otherwise) {
        return list.empty() ? otherwise : list.size() == 1 ? list[0] : list[static_cast<size_t>(c)];
      };
      mean.push_back(pick(p.mean, 0));
      scale.push_back(1 / pick(p.stddev, 1));
    }
  }
  void operator()(const float* from, float* to) const {
    for (int64_t c = 0; c < channels; ++c) {
      float value = from[bgr ? channels - 1 - c : c];
      if (threshold >= 0) value = value > static_cast<float>(threshold) ? 1.0F : 0.0F;
      to[c] = (value - mean[static_cast<size_t>(c)]) * scale[static_cast<size_t>(c)];
    }
  }
  int64_t channels;
  bool bgr;
  int threshold;
  std::vector<float> mean, scale;
};

// Bytes of the mask at source coordinates; outside the box is background.
struct MaskLookup {
  std::span<const uint8_t> mask;
  int64_t x1, y1, width, height;
  bool covers(int64_t x, int64_t y) const {
    const int64_t mx = x - x1, my = y - y1;
    return mx >= 0 && my >= 0 && mx < width && my < height && mask[static_cast<size_t>(my * width + mx)] != 0;
  }
};

}  // namespace

WarpMode parse_warp_mode(std::string_view name) {
  if (name == "warp") return WarpMode::kWarp;
  if (name == "square") return WarpMode::kSquare;
  if (name == "square-nocontext") return WarpMode::kSquareNoContext;
  fail(ErrorKind::kUsage, "warp: expected warp, square or square-nocontext, found '{}'", printable(name));
}

void check_warp(const WarpConfig& config, int64_t crop) {
  if (config.padding < 0 || 2 * config.padding >= crop) {
    fail(ErrorKind::kUsage, "padding: expected 0 <= x < {}, half the network's input, found {}", (crop + 1) / 2,
         config.padding);
  }
}

WarpGeometry warp_geometry(const Box& box, int64_t picture_width, int64_t picture_height, int64_t crop,
                           const WarpConfig& config, bool mirror) {
  if (config.mode == WarpMode::kSquareNoContext) {
    return isotropic_geometry(box, picture_width, picture_height, crop, config.padding, mirror);
  }
  WarpGeometry g;
  if (config.mode == WarpMode::kWarp && config.padding == 0) {
    const double corners[4] = {box.x1, box.y1, box.x2, box.y2};
    for (int i = 0; i < 4; ++i) g.unclipped[i] = round_half(corners[i]);
  } else {
    const double scale = static_cast<double>(crop) / static_cast<double>(crop - 2 * config.padding);
    double half_width = width(box) / 2, half_height = height(box) / 2;
    const double center_x = box.x1 + half_width, center_y = box.y1 + half_height;
    if (config.mode == WarpMode::kSquare) half_width = half_height = std::max(half_width, half_height);
    g.unclipped[0] = round_half(center_x - half_width * scale);
    g.unclipped[1] = round_half(center_y - half_height * scale);
    g.unclipped[2] = round_half(center_x + half_width * scale);
    g.unclipped[3] = round_half(center_y + half_height * scale);
  }
  int64_t pads[4];
  clip_source(g, picture_width, picture_height, pads);
  g.scale_x = static_cast<double>(crop) / static_cast<double>(g.unclipped[2] - g.unclipped[0] + 1);
  g.scale_y = static_cast<double>(crop) / static_cast<double>(g.unclipped[3] - g.unclipped[1] + 1);
  const int64_t w = g.source[2] - g.source[0] + 1, h = g.source[3] - g.source[1] + 1;
  if (w <= 0 || h <= 0) return g;
  g.offset_x = round_half(static_cast<double>(mirror ? pads[2] : pads[0]) * g.scale_x);
  g.offset_y = round_half(static_cast<double>(pads[1]) * g.scale_y);
  g.width =
      std::clamp<int64_t>(round_half(static_cast<double>(w) * g.scale_x), 0, std::max<int64_t>(0, crop - g.offset_x));
  g.height =
      std::clamp<int64_t>(round_half(static_cast<double>(h) * g.scale_y), 0, std::max<int64_t>(0, crop - g.offset_y));
  return g;
}

void warp_region(const PixelView& picture, const Box& box, const Preprocess& preprocess, const WarpConfig& config,
                 bool mirror, float* out, std::span<const uint8_t> mask) {
  FOVEA_CHECK(preprocess.height == preprocess.width, "a network with a square input is needed");
  const int64_t crop = preprocess.width, channels = preprocess.channels;
  std::fill(out, out + crop * crop * channels, 0.0F);
  const WarpGeometry g = warp_geometry(box, picture.width, picture.height, crop, config, mirror);
  const int64_t source_width = g.source[2] - g.source[0] + 1, source_height = g.source[3] - g.source[1] + 1;
  if (source_width <= 0 || source_height <= 0 || g.width <= 0 || g.height <= 0) return;
  const Axis across(g.source[0], source_width, g.width, mirror), down(g.source[1], source_height, g.height, false);
  const Normalizer normalizer(preprocess);
  const MaskLookup lookup{mask, static_cast<int64_t>(box.x1), static_cast<int64_t>(box.y1),
                          static_cast<int64_t>(width(box)), static_cast<int64_t>(height(box))};
  FOVEA_CHECK(mask.empty() || static_cast<int64_t>(mask.size()) == lookup.width * lookup.height, "mask of {} pixels",
              mask.size());
  const auto row_floats = static_cast<size_t>(g.width * channels);
  std::vector<float> rows[2] = {std::vector<float>(row_floats), std::vector<float>(row_floats)};
  int64_t held[2] = {-1, -1};  // which source rows `rows` hold
  std::vector<float> mixed(row_floats);
  for (int64_t y = 0; y < g.height; ++y) {
    const auto at = static_cast<size_t>(y);
    if (held[1] == down.low[at]) {
      std::swap(rows[0], rows[1]);
      std::swap(held[0], held[1]);
    }
    if (held[0] != down.low[at]) resize_picture_row(picture, held[0] = down.low[at], channels, across, rows[0].data());
    if (held[1] != down.high[at])
      resize_picture_row(picture, held[1] = down.high[at], channels, across, rows[1].data());
    const float f = down.fraction[at];
    for (size_t i = 0; i < row_floats; ++i) mixed[i] = rows[0][i] + f * (rows[1][i] - rows[0][i]);
    float* to = out + ((g.offset_y + y) * crop + g.offset_x) * channels;
    for (int64_t x = 0; x < g.width; ++x) {
      if (!mask.empty() && !lookup.covers(across.nearest[static_cast<size_t>(x)], down.nearest[at])) continue;
      normalizer(mixed.data() + x * channels, to + x * channels);
    }
  }
}

}  // namespace fovea::data
