#include "io/gzip.h"

#include "io/byte_fixtures.h"

using namespace fovea;
using namespace fovea::io;
using namespace fovea::test;

TEST_CASE("gzip: data comes back, from several members too") {
  const Bytes data = to_bytes(std::string(100000, 'a').append("end"));
  const Bytes packed = gzip(data);
  CHECK(is_gzip(packed));
  CHECK(packed.size() < 1000);
  CHECK(gunzip(packed, 200000, "x") == data);
  CHECK(gunzip(packed, static_cast<int64_t>(data.size()), "x") == data);
  Bytes two = gzip(to_bytes("first "));
  const Bytes second = gzip(to_bytes("second"));
  two.insert(two.end(), second.begin(), second.end());
  CHECK(to_text(gunzip(two, 100, "x")) == "first second");
  CHECK(gunzip(gzip({}), 0, "x").empty());
}

TEST_CASE("gzip: a bomb stops at the limit") {
  const Bytes bomb = gzip(Bytes(50'000'000));
  expect_error(ErrorKind::kData, "more after decompression", [&] { gunzip(bomb, 1000, "x"); });
  expect_error(ErrorKind::kData, "more after decompression", [&] { gunzip(gzip(Bytes(11)), 10, "x"); });
  const MemoryLimit limit(1 << 20);
  expect_error(ErrorKind::kData, "x", [&] { gunzip(bomb, 100'000'000, "x"); });
}

TEST_CASE("gzip: truncated, damaged, foreign and trailing bytes are errors") {
  const Bytes packed = gzip(to_bytes("some text that is long enough to be packed, packed, packed"));
  expect_truncations_fail(packed, 1, [](const Bytes& part) { gunzip(part, 1000, "x"); });
  for (size_t at = packed.size() - 8; at < packed.size(); ++at) {
    Bytes broken = packed;
    broken[at] ^= std::byte{1};
    expect_error(ErrorKind::kData, "damaged", [&] { gunzip(broken, 1000, "x"); });
  }
  Bytes longer = packed;
  longer.push_back(std::byte{'!'});
  expect_error(ErrorKind::kData, "1 more bytes", [&] { gunzip(longer, 1000, "x"); });
  expect_error(ErrorKind::kData, "expected gzip data", [] { gunzip(to_bytes("plain"), 1000, "x"); });
}

TEST_CASE("gzip: plain and packed files are both read") {
  const TempFolder folder;
  save(folder.file("plain"), to_bytes("hello"));
  save(folder.file("packed.gz"), gzip(to_bytes("hello")));
  CHECK(to_text(read_maybe_gzip(folder.file("plain"), 100)) == "hello");
  CHECK(to_text(read_maybe_gzip(folder.file("packed.gz"), 100)) == "hello");
  expect_error(ErrorKind::kNoInput, "absent", [&] { read_maybe_gzip(folder.file("absent"), 100); });
}
