#include "data/crops.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "base/text.h"

namespace fovea::data {
namespace {

struct SchemeName {
  const char* name;
  CropScheme scheme;
  int count;
};
constexpr std::array<SchemeName, 4> kSchemes = {{{"center", CropScheme::kCenter, 1},
                                                 {"stretch", CropScheme::kStretch, 1},
                                                 {"10", CropScheme::kTen, 10},
                                                 {"144", CropScheme::k144, 144}}};

// Sides of GoogLeNet's four scales, for a net input of 224.
constexpr std::array<double, 4> kScales = {256, 288, 320, 352};
constexpr double kReference = 224;

double net_side(const Preprocess& preprocess) {
  return static_cast<double>(std::min(preprocess.height, preprocess.width));
}

// Four corners and the centre, as windows of the net's size inside `area`.
std::array<Window, 5> five_windows(const Window& area, const Preprocess& preprocess) {
  const int64_t h = preprocess.height, w = preprocess.width;
  const int64_t bottom = area.top + area.height - h, right = area.left + area.width - w;
  return {{{area.top, area.left, h, w},
           {area.top, right, h, w},
           {bottom, area.left, h, w},
           {bottom, right, h, w},
           {area.top + (area.height - h) / 2, area.left + (area.width - w) / 2, h, w}}};
}

void add_pair(std::vector<Crop>& crops, int64_t height, int64_t width, const Window& window) {
  for (const bool mirror : {false, true}) {
    crops.push_back({height, width, window.top, window.left, window.height, window.width, mirror});
  }
}

std::vector<Crop> ten_crops(const Preprocess& preprocess, int64_t height, int64_t width) {
  const double side = preprocess.resize_side > 0 ? static_cast<double>(preprocess.resize_side)
                                                 : net_side(preprocess) * kScales[0] / kReference;
  const auto [h, w] = resized_size(preprocess, side, height, width);
  std::vector<Crop> crops;
  for (const Window& window : five_windows({0, 0, h, w}, preprocess)) add_pair(crops, h, w, window);
  return crops;
}

// A "square" has the aspect of the net's input; it slides along the picture's longer side.
std::vector<Crop> googlenet_crops(const Preprocess& preprocess, int64_t height, int64_t width) {
  std::vector<Crop> crops;
  for (const double scale : kScales) {
    const double factor = scale / kReference;
    const auto [h, w] = resized_size(preprocess, net_side(preprocess) * factor, height, width);
    const int64_t square_h = std::min<int64_t>(h, std::llround(factor * static_cast<double>(preprocess.height)));
    const int64_t square_w = std::min<int64_t>(w, std::llround(factor * static_cast<double>(preprocess.width)));
    for (int64_t position = 0; position < 3; ++position) {
      const Window square{(h - square_h) * position / 2, (w - square_w) * position / 2, square_h, square_w};
      for (const Window& window : five_windows(square, preprocess)) add_pair(crops, h, w, window);
      add_pair(crops, h, w, square);
    }
  }
  return crops;
}

}  // namespace

CropScheme parse_crop_scheme(std::string_view name) {
  std::vector<std::string> names;
  for (const SchemeName& entry : kSchemes) {
    if (name == entry.name) return entry.scheme;
    names.emplace_back(entry.name);
  }
  fail(ErrorKind::kUsage, "crops: expected one of {}, found '{}'", join(names, ", "), printable(name));
}

int crop_count(CropScheme scheme) { return kSchemes[static_cast<size_t>(scheme)].count; }

std::vector<Crop> list_crops(CropScheme scheme, const Preprocess& preprocess, int64_t height, int64_t width) {
  check_preprocess(preprocess);
  FOVEA_CHECK(height > 0 && width > 0, "picture of {} x {}", width, height);
  const bool stretch = scheme == CropScheme::kStretch || preprocess.resize == ResizeMode::kStretch;
  switch (scheme) {
    case CropScheme::kTen:
      return ten_crops(preprocess, height, width);
    case CropScheme::k144:
      return googlenet_crops(preprocess, height, width);
    case CropScheme::kCenter:
    case CropScheme::kStretch:
      break;
  }
  const int64_t net_h = preprocess.height, net_w = preprocess.width;
  if (stretch) return {{net_h, net_w, 0, 0, net_h, net_w, false}};
  const auto [h, w] = resized_size(preprocess, static_cast<double>(preprocess.resize_side), height, width);
  return {{h, w, (h - net_h) / 2, (w - net_w) / 2, net_h, net_w, false}};
}

CropRenderer::CropRenderer(PixelView pixels, const Preprocess& preprocess)
    : pixels_(std::move(pixels)), preprocess_(preprocess) {}

void CropRenderer::render(const Crop& crop, float* out) {
  if (resized_.height != crop.picture_height || resized_.width != crop.picture_width) {
    resized_ = resize(pixels_, crop.picture_height, crop.picture_width);
  }
  const Window window{crop.top, crop.left, crop.height, crop.width};
  if (crop.height == preprocess_.height && crop.width == preprocess_.width) {
    copy_window(resized_.view(), window, crop.mirror, preprocess_.channels, out);
  } else {
    const Raster whole = resize(cut(resized_.view(), window).view(), preprocess_.height, preprocess_.width);
    copy_window(whole.view(), {0, 0, preprocess_.height, preprocess_.width}, crop.mirror, preprocess_.channels, out);
  }
  normalize(preprocess_, out);
}

}  // namespace fovea::data
