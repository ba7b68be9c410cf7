#include "io/checkpoint_file.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "io/h5_fixtures.h"
#include "io/h5_reader.h"

namespace fovea::io {
namespace {

using test::checkpoint_data;
using test::error_of;
using test::root_attributes;

TEST_CASE("checkpoint_file: everything comes back") {
  const TemporaryFolder folder;
  const CheckpointData data = checkpoint_data();
  const std::string hash = write_checkpoint(folder / "a.ckpt.h5", root_attributes(), data);
  const CheckpointData back = read_checkpoint(folder / "a.ckpt.h5");
  CHECK(back.root.content_hash == hash);
  CHECK(back.network == data.network);
  CHECK(back.preprocess_json == data.preprocess_json);
  REQUIRE(back.model.size() == 2);
  CHECK(back.model[0].parameter == "bias");  // sorted by name
  CHECK(back.model[1].shape == std::vector<int64_t>{40, 50});
  CHECK(back.model[1].values == data.model[0].values);
  CHECK(back.optimizer_name == "sgd");
  CHECK(back.optimizer_step == 42);
  CHECK(back.learning_rate == 0.125);
  CHECK(back.optimizer_extra["momentum"] == 0.9);
  CHECK(back.optimizer[0].values == data.optimizer[0].values);
  CHECK(back.training["stage"] == "main");
  CHECK(back.training["epoch"] == 3);
  CHECK(back.training["best_metric"] == 0.75);
  CHECK(back.rng == data.rng);
  CHECK(back.sampler == data.sampler);
  CHECK(back.log_steps == data.log_steps);
  REQUIRE(back.log.size() == 2);
  CHECK(back.log[1].name == "loss");
  CHECK(back.log[1].values == data.log[0].values);
  CHECK(back.labels == data.labels);
}

TEST_CASE("checkpoint_file: a stripped file has the model only") {
  const TemporaryFolder folder;
  CheckpointData data = checkpoint_data();
  data.has_optimizer = data.has_training = false;
  write_checkpoint(folder / "a.ckpt.h5", root_attributes(), data);
  CHECK_FALSE(H5Reader(folder / "a.ckpt.h5").has("optimizer"));
  const CheckpointData back = read_checkpoint(folder / "a.ckpt.h5");
  CHECK_FALSE(back.has_optimizer);
  CHECK_FALSE(back.has_training);
  CHECK(back.model.size() == 2);
}

TEST_CASE("checkpoint_file: parts not asked for are not read") {
  const TemporaryFolder folder;
  write_checkpoint(folder / "a.ckpt.h5", root_attributes(), checkpoint_data());
  const CheckpointData back = read_checkpoint(folder / "a.ckpt.h5", {true, false, false});
  CHECK(back.model.size() == 2);
  CHECK(back.optimizer.empty());
  CHECK(back.log.empty());
}

TEST_CASE("checkpoint_file: a parameter that is not finite is named") {
  const TemporaryFolder folder;
  CheckpointData data = checkpoint_data();
  data.model[0].values[77] = std::numeric_limits<float>::infinity();
  write_checkpoint(folder / "a.ckpt.h5", root_attributes(), data);
  const Error error = error_of([&] { read_checkpoint(folder / "a.ckpt.h5"); });
  CHECK(std::string(error.what()) == folder / "a.ckpt.h5" + ": model/fc/weight[1,27]: not finite (inf)");
}

TEST_CASE("checkpoint_file: names that would leave their place are refused") {
  const TemporaryFolder folder;
  for (const char* name : {"", "a//b", "a/..", "/a", "network"}) {
    CheckpointData data = checkpoint_data();
    data.model[0].layer = name;
    CHECK(error_of([&] { write_checkpoint(folder / "a.ckpt.h5", root_attributes(), data); }).kind() ==
          ErrorKind::kUsage);
  }
  CHECK(folder.entries() == 0);
}

}  // namespace
}  // namespace fovea::io
