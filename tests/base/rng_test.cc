#include "base/rng.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

using namespace fovea;

// Known answers of the Random123 distribution (Salmon et al. 2011), kat_vectors, "philox4x32 10".
TEST_CASE("philox4x32: known answers") {
  CHECK(philox4x32({0, 0, 0, 0}, {0, 0}) == std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  constexpr uint32_t kOnes = 0xffffffff;
  CHECK(philox4x32({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}) ==
        std::array<uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        std::array<uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("Rng: equal keys give equal streams, any other key another one") {
  const auto first = [](Rng rng) {
    std::vector<uint32_t> words(9);
    for (auto& word : words) word = rng.bits();
    return words;
  };
  const auto base = first(Rng(1, RngPurpose::kTest, 2, 3));
  CHECK(base == first(Rng(1, RngPurpose::kTest, 2, 3)));
  CHECK(base != first(Rng(2, RngPurpose::kTest, 2, 3)));
  CHECK(base != first(Rng(1, RngPurpose::kNoise, 2, 3)));
  CHECK(base != first(Rng(1, RngPurpose::kTest, 3, 3)));
  CHECK(base != first(Rng(1, RngPurpose::kTest, 2, 4)));
  CHECK(base != first(Rng(1, RngPurpose::kTest, 2, uint64_t{3} << 32)));
}

TEST_CASE("Rng: uniform numbers lie in [0, 1) with the right moments") {
  Rng rng(5, RngPurpose::kTest);
  double sum = 0, squares = 0;
  constexpr int kCount = 100000;
  for (int i = 0; i < kCount; ++i) {
    const double x = rng.uniform_double();
    REQUIRE((x >= 0 && x < 1));
    sum += x;
    squares += x * x;
  }
  // Standard errors: 0.0009 and 0.0009; the bounds are five of them.
  CHECK(sum / kCount == doctest::Approx(0.5).epsilon(0.01));
  CHECK(squares / kCount == doctest::Approx(1.0 / 3).epsilon(0.014));
}

TEST_CASE("Rng: normal numbers have mean 0, variance 1 and kurtosis 3") {
  Rng rng(6, RngPurpose::kTest);
  double sum = 0, squares = 0, fourth = 0;
  constexpr int kCount = 100000;
  for (int i = 0; i < kCount; ++i) {
    const double x = rng.normal();
    REQUIRE(std::isfinite(x));
    sum += x;
    squares += x * x;
    fourth += x * x * x * x;
  }
  CHECK(std::abs(sum / kCount) < 0.016);
  CHECK(squares / kCount == doctest::Approx(1).epsilon(0.023));
  CHECK(fourth / kCount == doctest::Approx(3).epsilon(0.06));
}

TEST_CASE("Rng: below is inside its range and even") {
  Rng rng(7, RngPurpose::kTest);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70000; ++i) ++counts.at(rng.below(7));
  for (const int count : counts) CHECK(std::abs(count - 10000) < 5 * 93);  // sqrt(70000 * 6/49) = 93
}

TEST_CASE("permutation: holds each index once and depends on the epoch") {
  auto order = permutation(1000, 1, RngPurpose::kShuffle, 0);
  CHECK(order != permutation(1000, 1, RngPurpose::kShuffle, 1));
  CHECK(order == permutation(1000, 1, RngPurpose::kShuffle, 0));
  std::sort(order.begin(), order.end());
  for (size_t i = 0; i < order.size(); ++i) REQUIRE(order[i] == static_cast<int64_t>(i));
  CHECK(permutation(0, 1, RngPurpose::kShuffle, 0).empty());
}
