#include "io/verify.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "io/h5_fixtures.h"

namespace fovea::io {
namespace {

using test::error_of;

TEST_CASE("verify: good files pass and their hash is recomputed") {
  const TemporaryFolder folder;
  test::write_images(folder / "a.h5", 30);
  write_checkpoint(folder / "b.h5", test::root_attributes(), test::checkpoint_data());
  test::write_log(folder / "c.h5");
  CHECK(verify_file(folder / "a.h5").datasets == 13);
  CHECK(verify_file(folder / "b.h5").attributes.schema == "fovea.checkpoint");
  CHECK(verify_file(folder / "c.h5").bytes == 72);
}

TEST_CASE("verify: a changed value in a dataset without checksum is found by the content hash") {
  const TemporaryFolder folder;
  test::write_log(folder / "a.h5");
  auto bytes = test::bytes_of(folder / "a.h5");
  const double three = 3;  // the first loss
  std::array<std::byte, 8> pattern;
  std::memcpy(pattern.data(), &three, 8);
  const auto at = std::search(bytes.begin(), bytes.end(), pattern.begin(), pattern.end());
  REQUIRE(at != bytes.end());
  *at = std::byte{1};
  test::put(folder / "a.h5", bytes);
  const Error error = error_of([&] { verify_file(folder / "a.h5"); });
  CHECK(error.kind() == ErrorKind::kData);
  CHECK(std::string(error.what()).find("content hash: expected") != std::string::npos);
}

TEST_CASE("verify: the hash does not depend on attributes") {
  const TemporaryFolder folder;
  RootAttributes root = test::root_attributes();
  const std::string a = write_checkpoint(folder / "a.h5", root, test::checkpoint_data());
  root.tool = "other";
  CheckpointData data = test::checkpoint_data();
  CHECK(write_checkpoint(folder / "b.h5", root, data) == a);
  data.model[1].values[0] += 1;
  CHECK(write_checkpoint(folder / "c.h5", root, data) != a);
}

}  // namespace
}  // namespace fovea::io
