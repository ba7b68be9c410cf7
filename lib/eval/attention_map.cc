#include "eval/attention_map.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "data/raster.h"

namespace fovea::eval {
namespace {

constexpr double kSigma = 1.25;  // in cells

// Area of a rectangle that the union of boxes covers: sums over the strips between the boxes' edges.
double covered(double left, double top, double right, double bottom, std::span<const fovea::Box> boxes) {
  std::vector<double> edges{left, right};
  for (const fovea::Box& box : boxes) {
    for (const double x : {static_cast<double>(box.x1), box.x2 + 1.0}) edges.push_back(std::clamp(x, left, right));
  }
  std::sort(edges.begin(), edges.end());
  double area = 0;
  for (size_t i = 1; i < edges.size(); ++i) {
    const double x0 = edges[i - 1], x1 = edges[i];
    if (x1 <= x0) continue;
    std::vector<std::pair<double, double>> spans;
    for (const fovea::Box& box : boxes) {
      if (box.x1 <= x0 && box.x2 + 1.0 >= x1) {
        spans.emplace_back(std::max<double>(box.y1, top), std::min<double>(box.y2 + 1.0, bottom));
      }
    }
    std::sort(spans.begin(), spans.end());
    double length = 0, end = top;
    for (const auto& [y0, y1] : spans) {
      length += std::max(0.0, y1 - std::max(y0, end));
      end = std::max(end, y1);
    }
    area += (x1 - x0) * length;
  }
  return area;
}

}  // namespace

SeenArea seen_area(const std::optional<data::Preprocess>& preprocess, int64_t height, int64_t width) {
  const auto h = static_cast<double>(height), w = static_cast<double>(width);
  if (!preprocess || preprocess->resize == data::ResizeMode::kStretch) return {0, 0, w, h};
  const auto [tall, wide] =
      data::resized_size(*preprocess, static_cast<double>(preprocess->resize_side), height, width);
  const double y = h / static_cast<double>(tall), x = w / static_cast<double>(wide);
  const int64_t left = (wide - preprocess->width) / 2, top = (tall - preprocess->height) / 2;
  return {static_cast<double>(left) * x, static_cast<double>(top) * y, static_cast<double>(preprocess->width) * x,
          static_cast<double>(preprocess->height) * y};
}

std::vector<float> upsample_attention(std::span<const float> weights, std::array<int32_t, 2> grid, int64_t height,
                                      int64_t width) {
  FOVEA_CHECK(static_cast<int64_t>(weights.size()) == int64_t{grid[0]} * grid[1] && height > 0 && width > 0,
              "{} weights of a grid {} x {}", weights.size(), grid[0], grid[1]);
  const cv::Mat small(grid[0], grid[1], CV_32FC1, const_cast<float*>(weights.data()));  // only read
  cv::Mat large, smooth;
  cv::resize(small, large, cv::Size(static_cast<int>(width), static_cast<int>(height)), 0, 0, cv::INTER_LINEAR);
  cv::GaussianBlur(large, smooth, cv::Size(), kSigma * static_cast<double>(width) / grid[1],
                   kSigma * static_cast<double>(height) / grid[0], cv::BORDER_REFLECT);
  const auto* data = smooth.ptr<float>();
  return {data, data + smooth.total()};
}

double mass_inside(std::span<const float> weights, std::array<int32_t, 2> grid, const SeenArea& area,
                   std::span<const fovea::Box> boxes) {
  const double tall = area.height / grid[0], wide = area.width / grid[1];
  double mass = 0;
  for (int32_t row = 0; row < grid[0]; ++row) {
    for (int32_t column = 0; column < grid[1]; ++column) {
      const double weight = static_cast<double>(
          weights[static_cast<size_t>(row) * static_cast<size_t>(grid[1]) + static_cast<size_t>(column)]);
      const double left = area.left + column * wide, top = area.top + row * tall;
      if (weight > 0) mass += weight * covered(left, top, left + wide, top + tall, boxes) / (tall * wide);
    }
  }
  return mass;
}

bool peak_inside(std::span<const float> weights, std::array<int32_t, 2> grid, const SeenArea& area,
                 std::span<const fovea::Box> boxes) {
  const auto peak = static_cast<int32_t>(std::max_element(weights.begin(), weights.end()) - weights.begin());
  const int32_t row = peak / grid[1], column = peak % grid[1];
  const double x = area.left + (column + 0.5) * area.width / grid[1];
  const double y = area.top + (row + 0.5) * area.height / grid[0];
  return std::any_of(boxes.begin(), boxes.end(), [&](const fovea::Box& box) {
    return x >= box.x1 && x <= box.x2 + 1.0 && y >= box.y1 && y <= box.y2 + 1.0;
  });
}

std::vector<float> uniform_attention(std::array<int32_t, 2> grid) {
  const auto places = static_cast<size_t>(grid[0]) * static_cast<size_t>(grid[1]);
  return std::vector<float>(places, 1.0F / static_cast<float>(places));
}

std::vector<float> centre_attention(std::array<int32_t, 2> grid) {
  std::vector<double> weights;
  double sum = 0;
  for (int32_t row = 0; row < grid[0]; ++row) {
    for (int32_t column = 0; column < grid[1]; ++column) {
      const double y = ((row + 0.5) / grid[0] - 0.5) * 4, x = ((column + 0.5) / grid[1] - 0.5) * 4;
      weights.push_back(std::exp(-(x * x + y * y) / 2));
      sum += weights.back();
    }
  }
  std::vector<float> result;
  for (const double weight : weights) result.push_back(static_cast<float>(weight / sum));
  return result;
}

double attention_entropy(std::span<const float> weights) {
  double entropy = 0;
  for (const float weight : weights) {
    if (weight > 0) entropy -= static_cast<double>(weight) * std::log(static_cast<double>(weight));
  }
  return entropy;
}

}  // namespace fovea::eval
