#include "io/merge.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "io/h5_fixtures.h"
#include "io/h5_reader.h"
#include "io/verify.h"

namespace fovea::io {
namespace {

using test::bytes_of;
using test::error_of;
using test::write_images;

TEST_CASE("merge: shards in any order give the unsharded file, byte for byte") {
  const TemporaryFolder folder;
  write_images(folder / "whole.h5", 50);
  write_images(folder / "0.h5", 16, 0, {0, 4});
  write_images(folder / "1.h5", 0, 16, {1, 4});
  write_images(folder / "2.h5", 33, 16, {2, 4});
  write_images(folder / "3.h5", 1, 49, {3, 4});
  const MergeReport report =
      merge_files({folder / "2.h5", folder / "0.h5", folder / "3.h5", folder / "1.h5"}, folder / "out.h5");
  CHECK((bytes_of(folder / "out.h5") == bytes_of(folder / "whole.h5")));
  CHECK(report.shards == 4);
  CHECK(report.content_hash == verify_file(folder / "whole.h5").attributes.content_hash);
}

TEST_CASE("merge: missing shards are listed as an array expression") {
  const TemporaryFolder folder;
  write_images(folder / "0.h5", 2, 0, {0, 8});
  write_images(folder / "3.h5", 2, 2, {3, 8});
  const Error error = error_of([&] { merge_files({folder / "3.h5", folder / "0.h5"}, folder / "out.h5"); });
  CHECK(error.kind() == ErrorKind::kData);
  CHECK(std::string(error.what()).find("6 of 8 shards missing: 1-2,4-7") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(folder / "out.h5"));
  MergeOptions options;
  options.allow_missing = true;
  CHECK(merge_files({folder / "3.h5", folder / "0.h5"}, folder / "out.h5", options).missing.size() == 6);
  CHECK(H5Reader(folder / "out.h5").attribute_int("/", "partial") == 1);
  verify_file(folder / "out.h5");
}

TEST_CASE("merge: a shard given twice, other parameters, another n, an unsharded kind") {
  const TemporaryFolder folder;
  write_images(folder / "0.h5", 2, 0, {0, 2});
  write_images(folder / "0b.h5", 2, 0, {0, 2});
  write_images(folder / "1.h5", 2, 2, {1, 3});
  const auto message = [&](const std::string& other) {
    const Error error = error_of([&] { merge_files({folder / "0.h5", other}, folder / "out.h5"); });
    CHECK(error.kind() == ErrorKind::kData);
    return std::string(error.what());
  };
  CHECK(message(folder / "0b.h5").find("shard 0 again: already given as") != std::string::npos);
  CHECK(message(folder / "1.h5").find("shard: expected i/2, found 1/3") != std::string::npos);
  {
    RootAttributes root = test::root_attributes();
    root.parameters = R"({"epochs":3,"learning-rate":0.1})";
    root.shard = {1, 2};
    ImagesLayout layout;
    ImagesWriter(folder / "p.h5", root, layout).finish();
  }
  CHECK(message(folder / "p.h5").find("parameters: expected the same as in") != std::string::npos);
  CHECK(message(folder / "p.h5").find("(epochs)") != std::string::npos);
  test::write_log(folder / "log.h5");
  CHECK(error_of([&] { merge_files({folder / "log.h5"}, folder / "out.h5"); }).kind() == ErrorKind::kData);
}

TEST_CASE("merge: a damaged shard leaves no output") {
  const TemporaryFolder folder;
  write_images(folder / "0.h5", 40, 0, {0, 2});
  write_images(folder / "1.h5", 40, 40, {1, 2});
  auto bytes = bytes_of(folder / "1.h5");
  bytes.resize(bytes.size() / 2);
  test::put(folder / "1.h5", bytes);
  CHECK(error_of([&] {
          merge_files({folder / "0.h5", folder / "1.h5"}, folder / "out.h5");
        }).kind() == ErrorKind::kData);
  CHECK(folder.entries() == 2);
}

}  // namespace
}  // namespace fovea::io
