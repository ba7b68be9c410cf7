#include "systems/rcnn/region_pixels.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "base/parallel.h"
#include "base/text.h"
#include "eval/segmentation.h"

namespace fovea::rcnn {
namespace {

// Calls body(y, x0, x1) for each stretch [x0, x1) of a row that the region covers.
template <typename Body>
void for_each_stretch(const Box& box, const io::MaskRuns& runs, Body&& body) {
  const auto left = static_cast<int64_t>(box.x1), top = static_cast<int64_t>(box.y1);
  const auto columns = static_cast<int64_t>(width(box));
  int64_t at = 0;
  bool covered = false;
  for (const uint32_t run : runs) {
    const int64_t end = at + run;
    while (covered && at < end) {
      const int64_t stop = std::min(end, (at / columns + 1) * columns);
      body(top + at / columns, left + at % columns, left + at % columns + (stop - at));
      at = stop;
    }
    at = end;
    covered = !covered;
  }
}

}  // namespace

void check_mask_box(const Box& box, int64_t height, int64_t width, const std::string& place) {
  const auto is_whole = [](float value) { return value == std::floor(value); };
  if (is_whole(box.x1) && is_whole(box.y1) && is_whole(box.x2) && is_whole(box.y2) && box.x1 >= 0 && box.y1 >= 0 &&
      box.x1 <= box.x2 && box.y1 <= box.y2 && box.x2 < static_cast<float>(width) &&
      box.y2 < static_cast<float>(height)) {
    return;
  }
  fail_data(place, fmt::format("whole-numbered corners inside {}x{}", height, width),
            fmt::format("{} {} {} {}", format_number(box.x1), format_number(box.y1), format_number(box.x2),
                        format_number(box.y2)));
}

std::vector<double> region_overlaps(const RegionPixels& regions, const io::LabelMap& truth, int64_t classes) {
  FOVEA_CHECK(truth.height == regions.height && truth.width == regions.width, "truth of {}x{}", truth.height,
              truth.width);
  std::array<int64_t, 256> totals{};
  for (const uint8_t label : truth.labels) ++totals[label];
  std::vector<double> overlaps(regions.boxes.size() * static_cast<size_t>(classes), 0.0);
  parallel_tasks(static_cast<int64_t>(regions.boxes.size()), [&](int64_t i) {
    const auto r = static_cast<size_t>(i);
    std::array<int64_t, 256> counts{};
    int64_t size = 0;
    for_each_stretch(regions.boxes[r], regions.masks[r], [&](int64_t y, int64_t x0, int64_t x1) {
      for (int64_t x = x0; x < x1; ++x) ++counts[truth.labels[static_cast<size_t>(y * truth.width + x)]];
      size += x1 - x0;
    });
    size -= counts[eval::kVoidLabel];
    for (int64_t k = 0; k < classes; ++k) {
      const int64_t common = counts[static_cast<size_t>(k + 1)],
                    either = size + totals[static_cast<size_t>(k + 1)] - common;
      if (common > 0)
        overlaps[static_cast<size_t>(i * classes + k)] = static_cast<double>(common) / static_cast<double>(either);
    }
  });
  return overlaps;
}

io::LabelMap paste_regions(const RegionPixels& regions, std::span<const float> scores, int64_t classes,
                           double background) {
  FOVEA_CHECK(classes >= 1 && classes < eval::kVoidLabel, "{} classes in maps of bytes", classes);
  struct Pasted {
    size_t region;
    uint8_t label;
    float score;
  };
  std::vector<Pasted> pasted;
  for (size_t r = 0; r < regions.boxes.size(); ++r) {
    const auto row = scores.subspan(r * static_cast<size_t>(classes), static_cast<size_t>(classes));
    const auto best = std::max_element(row.begin(), row.end());
    if (*best > background) pasted.push_back({r, static_cast<uint8_t>(best - row.begin() + 1), *best});
  }
  std::sort(pasted.begin(), pasted.end(), [](const Pasted& a, const Pasted& b) {
    return a.score != b.score ? a.score < b.score : a.region > b.region;
  });
  io::LabelMap map{regions.height, regions.width, {}};
  map.labels.resize(static_cast<size_t>(map.height * map.width));
  for (const Pasted& p : pasted) {
    for_each_stretch(regions.boxes[p.region], regions.masks[p.region], [&](int64_t y, int64_t x0, int64_t x1) {
      std::fill_n(map.labels.begin() + static_cast<std::ptrdiff_t>(y * map.width + x0), x1 - x0, p.label);
    });
  }
  return map;
}

}  // namespace fovea::rcnn
