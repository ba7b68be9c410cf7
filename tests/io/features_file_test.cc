#include "io/features_file.h"

#include <doctest/doctest.h>

#include <cmath>

#include "io/h5_fixtures.h"
#include "io/merge.h"
#include "io/verify.h"

namespace fovea::io {
namespace {

using test::bytes_of;
using test::error_of;

constexpr int64_t kDimension = 700;

float number(int64_t image, int64_t at) { return static_cast<float>(std::sin(static_cast<double>(image * 7919 + at))); }

void add_image(RegionFeaturesWriter& writer, int64_t image, int64_t boxes, float first = 0.5F) {
  RegionList list{"image" + std::to_string(image), 40, 50, {}, {}};
  std::vector<float> features;
  for (int64_t i = 0; i < boxes; ++i) list.boxes.push_back({1, 2, static_cast<float>(10 + i), 20});
  for (int64_t i = 0; i < boxes * kDimension; ++i) features.push_back(i == 0 ? first : number(image, i));
  writer.add(list, features);
}

std::string write(const std::string& path, ElementType element, std::array<int32_t, 2> shard = {0, 1}) {
  RootAttributes root = test::root_attributes();
  root.shard = shard;
  RegionFeaturesWriter writer(path, root, {kDimension, "fc7", "hash", "{}", element});
  for (int64_t image = shard[0] * 4 / shard[1]; image < (shard[0] + 1) * 4 / shard[1]; ++image)
    add_image(writer, image, 3 + image);
  return writer.finish();
}

}  // namespace

TEST_CASE("features_file: float16 takes half the room and keeps 11 bits") {
  const TemporaryFolder folder;
  write(folder / "f32.h5", ElementType::kF32);
  write(folder / "f16.h5", ElementType::kF16);
  CHECK(10 * bytes_of(folder / "f16.h5").size() < 6 * bytes_of(folder / "f32.h5").size());
  CHECK(verify_file(folder / "f16.h5").attributes.schema == "fovea.features");
  const RegionFeaturesReader full(folder / "f32.h5"), half(folder / "f16.h5");
  CHECK(full.layout().element == ElementType::kF32);
  CHECK(half.layout().element == ElementType::kF16);
  CHECK(half.layout().dimension == kDimension);
  for (int64_t image = 0; image < 4; ++image) {
    const std::vector<float> a = full.read_features(image), b = half.read_features(image);
    REQUIRE(a.size() == b.size());
    double worst = 0;
    for (size_t i = 0; i < a.size(); ++i)
      worst = std::max(worst, std::abs(static_cast<double>(a[i]) - b[i]) / std::max(std::abs(a[i]), 6.2e-5F));
    CHECK(worst <= std::ldexp(1.0, -11));
    CHECK(worst > 0);
  }
}

TEST_CASE("features_file: shards of float16 merge to the whole") {
  const TemporaryFolder folder;
  write(folder / "whole.h5", ElementType::kF16);
  write(folder / "a.h5", ElementType::kF16, {0, 2});
  write(folder / "b.h5", ElementType::kF16, {1, 2});
  merge_files({folder / "b.h5", folder / "a.h5"}, folder / "merged.h5");
  CHECK(bytes_of(folder / "merged.h5") == bytes_of(folder / "whole.h5"));
}

TEST_CASE("features_file: what float16 cannot hold is refused, not stored as infinity") {
  const TemporaryFolder folder;
  RegionFeaturesWriter writer(folder / "a.h5", test::root_attributes(),
                              {kDimension, "fc7", "hash", "{}", ElementType::kF16});
  add_image(writer, 0, 1, 65504.0F);
  const std::string message = error_of([&] { add_image(writer, 1, 1, 70000.0F); }).what();
  CHECK(message == "features of image1: expected at most 65504 in float16, found 70000");
}

}  // namespace fovea::io
