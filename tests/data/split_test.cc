#include "data/split.h"

#include <doctest/doctest.h>

#include <cmath>
#include <map>

#include "base/parallel.h"
#include "base/rng.h"

namespace fovea::data {
namespace {

// Pictures with one to four objects; class k is about k times as rare as class 0.
std::vector<ClassCounts> random_images(int count, int32_t classes) {
  std::vector<ClassCounts> images;
  Rng rng(11, RngPurpose::kTest);
  for (int i = 0; i < count; ++i) {
    std::map<int32_t, int64_t> counts;
    for (uint32_t n = 0; n <= rng.below(4); ++n) {
      counts[static_cast<int32_t>(static_cast<double>(classes) * rng.uniform_double() * rng.uniform_double())] +=
          1 + rng.below(3);
    }
    images.emplace_back(counts.begin(), counts.end());
  }
  return images;
}

TEST_CASE("split: the halves are equal in size and balanced, better than by chance") {
  const auto images = random_images(1001, 40);
  const SplitResult best = balanced_split(images, 40, {3, 20});
  int64_t second = 0;
  std::vector<ClassBalance> counted(40);
  for (size_t i = 0; i < images.size(); ++i) {
    second += best.half[i];
    for (const auto& [k, n] : images[i])
      (best.half[i] == 0 ? counted[static_cast<size_t>(k)].first : counted[static_cast<size_t>(k)].second) += n;
  }
  CHECK((second == 500 || second == 501));
  double chance = 0;  // expected |a - b| / (a + b) when every object is thrown by itself is about 0.8 / sqrt(n)
  for (size_t k = 0; k < 40; ++k) {
    CHECK(best.classes[k].first == counted[k].first);
    CHECK(best.classes[k].second == counted[k].second);
    chance += 0.8 / std::sqrt(static_cast<double>(counted[k].first + counted[k].second)) / 40;
  }
  CHECK(best.mean < chance / 4);
  CHECK(best.median <= best.max);
  for (const ClassBalance& balance : best.classes) {
    if (balance.first + balance.second >= 20) CHECK(balance.imbalance() < 0.1);
  }
}

TEST_CASE("split: more trials are no worse, and seeds differ") {
  const auto images = random_images(120, 15);
  const SplitResult one = balanced_split(images, 15, {1, 1}), many = balanced_split(images, 15, {1, 40});
  CHECK(many.max <= one.max);
  CHECK(balanced_split(images, 15, {2, 1}).half != one.half);
}

TEST_CASE("split: results do not depend on the thread count") {
  const auto images = random_images(200, 10);
  set_thread_count(1);
  const auto serial = balanced_split(images, 10, {5, 33}).half;
  set_thread_count(3);
  CHECK(balanced_split(images, 10, {5, 33}).half == serial);
  set_thread_count(0);
}

TEST_CASE("split: pictures that are alike go to different halves") {
  const std::vector<ClassCounts> images{{{0, 2}}, {{1, 1}}, {{0, 2}}, {{1, 1}}};
  const SplitResult result = balanced_split(images, 3);
  CHECK(result.half[0] != result.half[2]);
  CHECK(result.half[1] != result.half[3]);
  CHECK(result.max == 0);
  CHECK(result.classes[2].imbalance() == 0);  // does not occur
}

TEST_CASE("split: a lone picture and none at all have a result") {
  const SplitResult lone = balanced_split({{{0, 3}}}, 1);
  CHECK(lone.max == 1);
  CHECK(lone.classes[0].first + lone.classes[0].second == 3);
  CHECK(balanced_split({}, 2).half.empty());
}

}  // namespace
}  // namespace fovea::data
