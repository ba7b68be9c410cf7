#include "systems/rcnn/selective_search.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "base/text.h"
#include "data/resample.h"
#include "systems/rcnn/region_masks.h"

namespace fovea::rcnn {
namespace {

// One grouping: which segmentation it started from, and what it made.
struct Strategy {
  size_t segmentation = 0;
  Hierarchy hierarchy;
};

// A region as a candidate: `value` is the position value of section 4.2, small first.
struct Candidate {
  double value;
  PixelBox box;
  uint32_t strategy;
  int32_t region;
};

// Everything found in one picture at working size.
struct Search {
  std::vector<Segmentation> segmentations;  // colour space major, then scale
  std::vector<Strategy> strategies;
};

Search run_strategies(const data::PixelView& picture, const SearchConfig& config) {
  const size_t spaces = config.color_spaces.size(), scales = config.scales.size(), terms = config.similarities.size();
  std::vector<PixelGraph> graphs(spaces);
  std::vector<PixelBins> bins(spaces);
  parallel_tasks(static_cast<int64_t>(2 * spaces), [&](int64_t task) {
    const auto s = static_cast<size_t>(task / 2);
    const ColorPlanes planes = to_color_space(picture, config.color_spaces[s]);
    if (task % 2 == 0) {
      graphs[s] = build_pixel_graph(planes, config.sigma);
    } else {
      bins[s] = quantize(planes, config.color_bins);
    }
  });
  Search search;
  search.segmentations.resize(spaces * scales);
  std::vector<RegionSet> regions(spaces * scales);
  parallel_tasks(static_cast<int64_t>(regions.size()), [&](int64_t task) {
    const auto i = static_cast<size_t>(task);
    const double k = config.scales[i % scales];
    const int64_t min_region = config.min_region > 0 ? config.min_region : static_cast<int64_t>(std::llround(k));
    search.segmentations[i] = segment(graphs[i / scales], k, min_region);
    regions[i] = describe_regions(search.segmentations[i], bins[i / scales]);
  });
  search.strategies.resize(regions.size() * terms);
  parallel_tasks(static_cast<int64_t>(search.strategies.size()), [&](int64_t task) {
    const auto i = static_cast<size_t>(task);
    search.strategies[i] = {i / terms, group_regions(regions[i / terms], config.similarities[i % terms])};
  });
  return search;
}

// Position values: the last merge, the whole picture, has position 1; the first n - 1; every initial region n. Initial
// regions are counted once for a segmentation, not once for each similarity. All times a uniform random number, so that
// strategies interleave.   Uijlings et al. 2013, section 4.2
std::vector<Candidate> rank(const Search& search, size_t terms, uint64_t seed) {
  std::vector<Candidate> candidates;
  for (size_t s = 0; s < search.strategies.size(); ++s) {
    const Hierarchy& hierarchy = search.strategies[s].hierarchy;
    Rng rng(seed, RngPurpose::kProposals, s);
    const auto add = [&](int32_t region, double position) {
      candidates.push_back({position * rng.uniform_double(), hierarchy.boxes[static_cast<size_t>(region)],
                            static_cast<uint32_t>(s), region});
    };
    if (s % terms == 0) {
      for (int32_t region = 0; region < hierarchy.initial; ++region) add(region, hierarchy.initial);
    }
    for (int32_t merge = 0; merge + 1 < hierarchy.initial; ++merge) {
      add(hierarchy.initial + merge, hierarchy.initial - 1 - merge);
    }
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.value < b.value; });
  return candidates;
}

struct BoxHash {
  size_t operator()(const PixelBox& box) const {
    const auto mix = [](uint64_t h, int32_t v) { return (h ^ static_cast<uint32_t>(v)) * 0x9e3779b97f4a7c15ULL; };
    return static_cast<size_t>(mix(mix(mix(mix(1, box.x1), box.y1), box.x2), box.y2) >> 16);
  }
};

// Drops small boxes, then later duplicates: a duplicate keeps its best rank.
std::vector<Candidate> thin(const std::vector<Candidate>& ranked, const SearchConfig& config) {
  std::vector<Candidate> kept;
  std::unordered_set<PixelBox, BoxHash> seen;
  for (const Candidate& candidate : ranked) {
    const PixelBox& box = candidate.box;
    if (box.x2 - box.x1 + 1 < config.min_side || box.y2 - box.y1 + 1 < config.min_side) continue;
    if (!seen.insert(box).second) continue;
    kept.push_back(candidate);
    if (config.max_boxes > 0 && static_cast<int64_t>(kept.size()) == config.max_boxes) break;
  }
  return kept;
}

// Edges and their sort dominate: per colour space 4 edges of 16 bytes a pixel, smoothed planes, and bins; then labels.
void require_room(int64_t pixels, const SearchConfig& config, const std::string& place) {
  const auto spaces = static_cast<int64_t>(config.color_spaces.size());
  const int64_t bytes_per_pixel = spaces * (4 * 16 + 40 + static_cast<int64_t>(config.scales.size()) * 4) + 32;
  if (pixels > int64_t{1} << 30) fail_data(place, "at most 2^30 pixels", std::to_string(pixels));
  require_memory(checked_multiply(pixels, bytes_per_pixel, place), place);
}

}  // namespace

SearchConfig search_mode(std::string_view name) {
  using enum ColorSpace;
  const Similarity ctsf{true, true, true, true}, tsf{false, true, true, true}, fill{false, false, false, true},
      size{false, false, true, false};
  SearchConfig config;
  if (name == "single") {
    config.color_spaces = {kHsv};
    config.similarities = {ctsf};
    config.scales = {100};
  } else if (name == "fast") {
    config.color_spaces = {kHsv, kLab};
    config.similarities = {ctsf, tsf};
    config.scales = {50, 100};
  } else if (name == "quality") {
    config.color_spaces = {kHsv, kLab, kRgi, kH, kI};
    config.similarities = {ctsf, tsf, fill, size};
    config.scales = {50, 100, 150, 300};
  } else {
    fail(ErrorKind::kUsage, "mode: expected single, fast or quality, found '{}'", printable(name));
  }
  return config;
}

std::string describe(const SearchConfig& config) {
  std::vector<std::string> spaces, terms, scales;
  for (const ColorSpace space : config.color_spaces) spaces.emplace_back(color_space_name(space));
  for (const Similarity& similarity : config.similarities) terms.push_back(similarity_letters(similarity));
  for (const double k : config.scales) scales.push_back(format_number(k));
  return fmt::format("selective search: {} x {} x k={}, sigma {}, min region {}, min side {}, width {}",
                     join(spaces, ","), join(terms, ","), join(scales, ","), format_number(config.sigma),
                     config.min_region > 0 ? std::to_string(config.min_region) : "k", format_number(config.min_side),
                     config.picture_width > 0 ? std::to_string(config.picture_width) : "as is");
}

SearchResult selective_search(const data::PixelView& picture, const SearchConfig& config, const std::string& place) {
  FOVEA_CHECK(!config.color_spaces.empty() && !config.similarities.empty() && !config.scales.empty(), "no strategy");
  data::PixelView working = picture;
  data::Raster resized;
  double factor = 1;
  if (config.picture_width > 0 && config.picture_width != picture.width) {
    factor = static_cast<double>(picture.width) / static_cast<double>(config.picture_width);
    const auto height = std::max<int64_t>(1, std::llround(static_cast<double>(picture.height) / factor));
    require_room(config.picture_width * height, config, place);
    resized = data::resample_bicubic(picture, height, config.picture_width);
    working = resized.view();
  }
  require_room(working.height * working.width, config, place);
  const Search search = run_strategies(working, config);
  const std::vector<Candidate> kept = thin(rank(search, config.similarities.size(), config.seed), config);
  SearchResult result;
  result.boxes.reserve(kept.size());
  for (const Candidate& candidate : kept) {
    const PixelBox& box = candidate.box;
    const auto scaled = [&](int32_t v) { return static_cast<float>(v * factor); };
    result.boxes.push_back({scaled(box.x1), scaled(box.y1), scaled(box.x2), scaled(box.y2)});
    result.scores.push_back(static_cast<float>(-candidate.value));
  }
  if (config.masks) {
    std::vector<Segmentation> own_size;
    own_size.reserve(search.segmentations.size());
    for (const Segmentation& s : search.segmentations)
      own_size.push_back(resize_labels(s, picture.height, picture.width));
    result.masks.resize(kept.size());
    const auto margin = factor == 1 ? 0 : static_cast<int64_t>(std::ceil(factor)) + 1;
    parallel_tasks(static_cast<int64_t>(kept.size()), [&](int64_t task) {
      const auto i = static_cast<size_t>(task);
      const Strategy& strategy = search.strategies[kept[i].strategy];
      const RegionMask mask =
          region_mask(own_size[strategy.segmentation], strategy.hierarchy, kept[i].region, result.boxes[i], margin);
      result.boxes[i] = mask.box;
      result.masks[i] = mask.runs;
    });
  }
  return result;
}

}  // namespace fovea::rcnn
