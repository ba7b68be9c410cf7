#include "systems/rcnn/graph_segmentation.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/error.h"

namespace fovea::rcnn {
namespace {

// Half of a Gaussian, m[0] + 2 * (m[1] + ...) = 1.
std::vector<float> gaussian_half_kernel(double sigma) {
  if (sigma <= 0) return {1.0F};
  std::vector<double> taps;
  double sum = 0;
  for (int i = 0; i <= static_cast<int>(std::ceil(4 * sigma)); ++i) {
    taps.push_back(std::exp(-0.5 * i * i / (sigma * sigma)));
    sum += i == 0 ? taps.back() : 2 * taps.back();
  }
  std::vector<float> kernel;
  for (const double tap : taps) kernel.push_back(static_cast<float>(tap / sum));
  return kernel;
}

// Rows, then columns; a border pixel continues outside.
std::vector<float> smooth(const std::vector<uint8_t>& plane, int64_t height, int64_t width,
                          const std::vector<float>& kernel) {
  const auto radius = static_cast<int64_t>(kernel.size()) - 1;
  std::vector<float> rows(plane.size()), padded(static_cast<size_t>(width + 2 * radius));
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = -radius; x < width + radius; ++x) {
      padded[static_cast<size_t>(x + radius)] =
          plane[static_cast<size_t>(y * width + std::clamp<int64_t>(x, 0, width - 1))];
    }
    float* out = rows.data() + y * width;
    const float* in = padded.data() + radius;
    for (int64_t x = 0; x < width; ++x) out[x] = kernel[0] * in[x];
    for (int64_t t = 1; t <= radius; ++t) {
      const float tap = kernel[static_cast<size_t>(t)];
      for (int64_t x = 0; x < width; ++x) out[x] += tap * (in[x - t] + in[x + t]);
    }
  }
  std::vector<float> smoothed(plane.size());
  for (int64_t y = 0; y < height; ++y) {
    float* out = smoothed.data() + y * width;
    const float* middle = rows.data() + y * width;
    for (int64_t x = 0; x < width; ++x) out[x] = kernel[0] * middle[x];
    for (int64_t t = 1; t <= radius; ++t) {
      const float tap = kernel[static_cast<size_t>(t)];
      const float* above = rows.data() + std::max<int64_t>(y - t, 0) * width;
      const float* below = rows.data() + std::min<int64_t>(y + t, height - 1) * width;
      for (int64_t x = 0; x < width; ++x) out[x] += tap * (above[x] + below[x]);
    }
  }
  return smoothed;
}

struct Planes {
  const float* c[3];
};

// Distances between `count` pixels and their neighbours at `offset`.
void distances(const Planes& planes, int64_t first, int64_t offset, int64_t count, float* out) {
  for (int64_t i = 0; i < count; ++i) {
    float sum = 0;
    for (const float* plane : planes.c) {
      const float difference = plane[first + i] - plane[first + i + offset];
      sum += difference * difference;
    }
    out[i] = std::sqrt(sum);
  }
}

// Directions E, S, SE, NE.
int64_t neighbour_offset(uint32_t direction, int64_t width) {
  const int64_t offsets[4] = {1, width, width + 1, 1 - width};
  return offsets[direction];
}

// Weights are non-negative floats, whose bits order as integers: three stable counting passes of 11 bits.
void radix_sort(std::vector<uint32_t>& keys, std::vector<uint32_t>& values) {
  constexpr uint32_t kBits = 11, kBuckets = 1U << kBits, kMask = kBuckets - 1;
  std::vector<uint32_t> other_keys(keys.size()), other_values(values.size());
  for (uint32_t shift = 0; shift < 32; shift += kBits) {
    std::vector<uint32_t> starts(kBuckets + 1, 0);
    for (const uint32_t key : keys) ++starts[((key >> shift) & kMask) + 1];
    for (uint32_t b = 0; b < kBuckets; ++b) starts[b + 1] += starts[b];
    for (size_t i = 0; i < keys.size(); ++i) {
      const uint32_t to = starts[(keys[i] >> shift) & kMask]++;
      other_keys[to] = keys[i];
      other_values[to] = values[i];
    }
    keys.swap(other_keys);
    values.swap(other_values);
  }
}

// Disjoint sets of pixels.
class Components {
 public:
  Components(int64_t count, float threshold) : nodes_(static_cast<size_t>(count)) {
    for (size_t i = 0; i < nodes_.size(); ++i) nodes_[i] = {static_cast<int32_t>(i), 1, threshold};
  }
  int32_t find(int32_t pixel) {
    while (nodes_[index(pixel)].parent != pixel) {
      Node& node = nodes_[index(pixel)];
      node.parent = nodes_[index(node.parent)].parent;  // path halving
      pixel = node.parent;
    }
    return pixel;
  }
  int32_t size(int32_t root) const { return nodes_[index(root)].size; }
  float threshold(int32_t root) const { return nodes_[index(root)].threshold; }
  // Returns the root of both. The larger one stays root: which pixel is the root can't be seen in the result.
  int32_t join(int32_t a, int32_t b) {
    if (nodes_[index(a)].size < nodes_[index(b)].size) std::swap(a, b);
    nodes_[index(b)].parent = a;
    nodes_[index(a)].size += nodes_[index(b)].size;
    return a;
  }
  void set_threshold(int32_t root, float value) { nodes_[index(root)].threshold = value; }

 private:
  struct Node {
    int32_t parent, size;
    float threshold;
  };
  static size_t index(int32_t i) { return static_cast<size_t>(i); }
  std::vector<Node> nodes_;
};

}  // namespace

PixelGraph build_pixel_graph(const ColorPlanes& picture, double sigma) {
  const int64_t height = picture.height, width = picture.width, pixels = height * width;
  FOVEA_CHECK(pixels <= int64_t{1} << 30, "{} pixels", pixels);
  const std::vector<float> kernel = gaussian_half_kernel(sigma);
  std::vector<float> smoothed[3];
  const size_t different = picture.replicated ? 1 : 3;
  for (size_t c = 0; c < different; ++c) smoothed[c] = smooth(picture.planes[c], height, width, kernel);
  Planes planes{};
  for (size_t c = 0; c < 3; ++c) planes.c[c] = smoothed[picture.replicated ? 0 : c].data();

  const int64_t count = (width - 1) * height + (height - 1) * width + 2 * (width - 1) * (height - 1);
  std::vector<uint32_t> keys, edges;
  keys.reserve(static_cast<size_t>(count));
  edges.reserve(static_cast<size_t>(count));
  std::vector<float> row[4];
  for (auto& weights : row) weights.resize(static_cast<size_t>(width));
  for (int64_t y = 0; y < height; ++y) {
    const int64_t first = y * width;
    const bool south = y + 1 < height, north = y > 0;
    distances(planes, first, 1, width - 1, row[0].data());
    if (south) distances(planes, first, width, width, row[1].data());
    if (south) distances(planes, first, width + 1, width - 1, row[2].data());
    if (north) distances(planes, first, 1 - width, width - 1, row[3].data());
    for (int64_t x = 0; x < width; ++x) {
      const bool east = x + 1 < width;
      const bool exists[4] = {east, south, south && east, north && east};
      for (uint32_t d = 0; d < 4; ++d) {
        if (!exists[d]) continue;
        keys.push_back(std::bit_cast<uint32_t>(row[d][static_cast<size_t>(x)]));
        edges.push_back(static_cast<uint32_t>(first + x) * 4 + d);
      }
    }
  }
  radix_sort(keys, edges);
  PixelGraph graph{height, width, std::move(edges), {}};
  graph.weights.resize(keys.size());
  std::transform(keys.begin(), keys.end(), graph.weights.begin(),
                 [](uint32_t key) { return std::bit_cast<float>(key); });
  return graph;
}

Segmentation segment(const PixelGraph& graph, double k, int64_t min_size) {
  const int64_t pixels = graph.height * graph.width;
  const auto scale = static_cast<float>(k);
  Components components(pixels, scale);
  std::vector<uint32_t> between;  // edges that still lay between two components, in order
  for (size_t i = 0; i < graph.edges.size(); ++i) {
    const auto pixel = static_cast<int32_t>(graph.edges[i] / 4);
    const int32_t a = components.find(pixel);
    const int32_t b = components.find(pixel + static_cast<int32_t>(neighbour_offset(graph.edges[i] % 4, graph.width)));
    if (a == b) continue;
    const float weight = graph.weights[i];
    if (weight <= components.threshold(a) && weight <= components.threshold(b)) {
      const int32_t root = components.join(a, b);
      components.set_threshold(root, weight + scale / static_cast<float>(components.size(root)));
    } else {
      between.push_back(graph.edges[i]);
    }
  }
  for (const uint32_t edge : between) {
    const auto pixel = static_cast<int32_t>(edge / 4);
    const int32_t a = components.find(pixel);
    const int32_t b = components.find(pixel + static_cast<int32_t>(neighbour_offset(edge % 4, graph.width)));
    if (a != b && (components.size(a) < min_size || components.size(b) < min_size)) components.join(a, b);
  }
  Segmentation result{graph.height, graph.width, 0, std::vector<int32_t>(static_cast<size_t>(pixels))};
  std::vector<int32_t> number(static_cast<size_t>(pixels), -1);
  for (int64_t i = 0; i < pixels; ++i) {
    int32_t& label = number[static_cast<size_t>(components.find(static_cast<int32_t>(i)))];
    if (label < 0) label = result.regions++;
    result.labels[static_cast<size_t>(i)] = label;
  }
  return result;
}

}  // namespace fovea::rcnn
