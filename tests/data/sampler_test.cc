#include "data/sampler.h"

#include <algorithm>
#include <numeric>

#include "io/byte_fixtures.h"

using namespace fovea;
using namespace fovea::data;
using fovea::test::expect_error;

namespace {

std::vector<int64_t> sorted(std::vector<int64_t> values) {
  std::sort(values.begin(), values.end());
  return values;
}

std::vector<int64_t> identity(int64_t count) {
  std::vector<int64_t> values(static_cast<size_t>(count));
  std::iota(values.begin(), values.end(), 0);
  return values;
}

}  // namespace

TEST_CASE("sampler: every mode visits each item once, and only none keeps the order") {
  for (const int64_t count : {1, 5, 16, 1000}) {
    for (const ShuffleMode mode : {ShuffleMode::kNone, ShuffleMode::kShard, ShuffleMode::kFull}) {
      const auto order = epoch_order(count, mode, 7, 3);
      CHECK(sorted(order) == identity(count));
      CHECK(order == epoch_order(count, mode, 7, 3));
      if (count == 1000) CHECK((order == identity(count)) == (mode == ShuffleMode::kNone));
      if (count == 1000 && mode != ShuffleMode::kNone) {
        CHECK(order != epoch_order(count, mode, 7, 4));
        CHECK(order != epoch_order(count, mode, 8, 3));
      }
    }
  }
}

TEST_CASE("sampler: shard mode keeps sixteenths together") {
  const auto order = epoch_order(1600, ShuffleMode::kShard, 1, 0);
  for (size_t shard = 0; shard < 16; ++shard) {
    std::vector<int64_t> part(order.begin() + static_cast<std::ptrdiff_t>(100 * shard),
                              order.begin() + static_cast<std::ptrdiff_t>(100 * shard + 100));
    const auto [low, high] = std::minmax_element(part.begin(), part.end());
    CHECK(*low % 100 == 0);
    CHECK(*high == *low + 99);
    CHECK_FALSE(std::is_sorted(part.begin(), part.end()));
  }
}

TEST_CASE("sampler: batches of an epoch, with and without the ragged last one") {
  Sampler dropping({.count = 10, .batch = 4, .mode = ShuffleMode::kNone, .drop_last = true});
  CHECK(dropping.batches_per_epoch() == 2);
  CHECK(dropping.next() == std::vector<int64_t>{0, 1, 2, 3});
  CHECK(dropping.next() == std::vector<int64_t>{4, 5, 6, 7});
  CHECK(dropping.epoch() == 1);
  CHECK(dropping.next() == std::vector<int64_t>{0, 1, 2, 3});
  Sampler keeping({.count = 10, .batch = 4, .mode = ShuffleMode::kNone, .drop_last = false});
  CHECK(keeping.batches_per_epoch() == 3);
  keeping.seek(0, 2);
  CHECK(keeping.next() == std::vector<int64_t>{8, 9});
  CHECK(keeping.position() == 0);
  CHECK(keeping.epoch() == 1);
}

TEST_CASE("sampler: a run continued at any batch equals the uninterrupted one") {
  for (const ShuffleMode mode : {ShuffleMode::kShard, ShuffleMode::kFull}) {
    const SamplerConfig config{.count = 103, .batch = 10, .mode = mode, .seed = 5, .drop_last = true};
    for (int stop = 0; stop < 25; ++stop) {
      Sampler whole(config), first(config), second(config);
      for (int i = 0; i < stop; ++i) CHECK(whole.next() == first.next());
      second.seek(first.epoch(), first.position());
      for (int i = 0; i < 12; ++i) CHECK(whole.next() == second.next());
    }
  }
  Sampler end({.count = 10, .batch = 5, .mode = ShuffleMode::kNone});
  end.seek(3, 2);  // the end of epoch 3 is the start of epoch 4
  CHECK(end.epoch() == 4);
  CHECK(end.position() == 0);
}

TEST_CASE("sampler: a seek within the epoch keeps the order of that epoch") {
  const SamplerConfig config{.count = 50, .batch = 5, .mode = ShuffleMode::kFull, .seed = 2};
  Sampler sampler(config);
  const auto first = sampler.next();
  sampler.seek(1, 0);
  CHECK(sampler.next() != first);
  sampler.seek(0, 0);
  CHECK(sampler.next() == first);
}

TEST_CASE("sampler: impossible configurations are refused") {
  expect_error(ErrorKind::kUsage, "no items", [] { Sampler({.count = 0, .batch = 1}); });
  expect_error(ErrorKind::kUsage, "expected >= 1, found 0", [] { Sampler({.count = 5, .batch = 0}); });
  expect_error(ErrorKind::kUsage, "expected <= 5", [] { Sampler({.count = 5, .batch = 6}); });
  CHECK(Sampler({.count = 5, .batch = 6, .drop_last = false}).batches_per_epoch() == 1);
  Sampler sampler({.count = 10, .batch = 5});
  expect_error(ErrorKind::kData, "expected 0..2, found 3", [&] { sampler.seek(0, 3); });
  expect_error(ErrorKind::kData, "found -1", [&] { sampler.seek(0, -1); });
  expect_error(ErrorKind::kUsage, "found 'ful'", [] { parse_shuffle_mode("ful"); });
  CHECK(parse_shuffle_mode("shard") == ShuffleMode::kShard);
}

TEST_CASE("sampler: the batch of a step is the same in order and out of order") {
  const data::SamplerConfig config{10, 3, data::ShuffleMode::kFull, 7, true};
  data::Sampler straight(config), jumping(config);
  std::vector<std::vector<int64_t>> batches;
  for (int64_t step = 0; step < 7; ++step) batches.push_back(straight.next());
  for (const int64_t step : {5, 0, 6, 1, 2}) CHECK(jumping.batch_at(step) == batches[static_cast<size_t>(step)]);
  CHECK(jumping.epoch_of(6) == 2);
}
