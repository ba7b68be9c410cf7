#include "data/idx.h"

#include "io/byte_fixtures.h"
#include "io/gzip.h"

using namespace fovea;
using namespace fovea::data;
using namespace fovea::test;

namespace {

std::string images(uint32_t count, uint32_t height, uint32_t width, const std::string& data) {
  return big(0x803, 4) + big(count, 4) + big(height, 4) + big(width, 4) + data;
}
std::string labels(uint32_t count, const std::string& data) { return big(0x801, 4) + big(count, 4) + data; }
PixelSet parse(const std::string& text) { return parse_idx_images(to_bytes(text), "x"); }

}  // namespace

TEST_CASE("idx: images and labels, plain and packed") {
  const TempFolder folder;
  const Bytes pictures = to_bytes(images(2, 1, 3, "abcdef")), classes = to_bytes(labels(2, std::string("\x07\x0B", 2)));
  save(folder.file("i"), pictures);
  save(folder.file("l.gz"), io::gzip(classes));
  const PixelSet set = read_idx(folder.file("i"), folder.file("l.gz"));
  CHECK(set.count == 2);
  CHECK(set.height == 1);
  CHECK(set.width == 3);
  CHECK(set.channels == 1);
  CHECK(set.pixels == std::vector<uint8_t>{'a', 'b', 'c', 'd', 'e', 'f'});
  CHECK(set.labels == std::vector<int32_t>{7, 11});
  CHECK(set.label_set.size() == 12);
  CHECK(read_idx(folder.file("i"), "").labels.empty());
  CHECK(
      parse_idx_images(to_bytes(big(0x804, 4) + big(1, 4) + big(1, 4) + big(1, 4) + big(3, 4) + "rgb"), "x").channels ==
      3);
}

TEST_CASE("idx: broken files are refused") {
  expect_error(ErrorKind::kData, "x: data: expected 6 bytes as the header says, found 5",
               [] { parse(images(2, 1, 3, "abcde")); });
  expect_error(ErrorKind::kData, "expected 6 bytes as the header says, found 7",
               [] { parse(images(2, 1, 3, "abcdefg")); });
  expect_error(ErrorKind::kData, "overflow", [] { parse(images(0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, "")); });
  expect_error(ErrorKind::kData, "found 0", [] { parse(images(0x7FFFFFFF, 28, 28, "")); });
  expect_error(ErrorKind::kData, "magic 0x00000803", [] { parse(labels(1, "a")); });
  expect_error(ErrorKind::kData, "magic", [] { parse(big(0x0D03, 4) + std::string(100, 'x')); });
  expect_error(ErrorKind::kData, "images of 1 or 3 channels", [] { parse(images(0, 28, 28, "")); });
  expect_error(ErrorKind::kData, "an empty file", [] { parse(""); });
  expect_error(ErrorKind::kData, "magic 0x00000801",
               [] { parse_idx_labels(to_bytes(images(2, 1, 3, "abcdef")), "x"); });
  const Bytes whole = to_bytes(images(2, 1, 3, "abcdef"));
  expect_truncations_fail(whole, 1, [](const Bytes& part) { parse_idx_images(part, "x"); });
}

TEST_CASE("idx: image and label counts must agree") {
  const TempFolder folder;
  save(folder.file("i"), to_bytes(images(2, 1, 3, "abcdef")));
  save(folder.file("l"), to_bytes(labels(3, "abc")));
  expect_error(ErrorKind::kData, "expected 2 labels", [&] { read_idx(folder.file("i"), folder.file("l")); });
  expect_error(ErrorKind::kNoInput, "absent", [&] { read_idx(folder.file("absent"), ""); });
}
