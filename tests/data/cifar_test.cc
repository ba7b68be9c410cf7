#include "data/cifar.h"

#include "io/byte_fixtures.h"

using namespace fovea;
using namespace fovea::data;
using namespace fovea::test;

namespace {

// One record: labels, then planes filled with the given red, green and blue.
std::string record(const std::string& labels, char red, char green, char blue) {
  return labels + std::string(1024, red) + std::string(1024, green) + std::string(1024, blue);
}

}  // namespace

TEST_CASE("cifar: planes become interleaved RGB") {
  std::string text = record("\x03", 10, 20, 30);
  text[1 + 1] = 99;  // red of the second pixel
  const PixelSet set = parse_cifar(to_bytes(text + record("\x09", 1, 2, 3)), CifarKind::kCifar10, "x");
  CHECK(set.count == 2);
  CHECK(set.height == 32);
  CHECK(set.channels == 3);
  CHECK(set.labels == std::vector<int32_t>{3, 9});
  CHECK(std::vector<uint8_t>(set.pixels.begin(), set.pixels.begin() + 6) ==
        std::vector<uint8_t>{10, 20, 30, 99, 20, 30});
  CHECK(set.pixels.back() == 3);
}

TEST_CASE("cifar: both labels of CIFAR-100") {
  const Bytes bytes = to_bytes(record(std::string("\x13\x63", 2), 1, 2, 3));
  CHECK(parse_cifar(bytes, CifarKind::kCifar100, "x").labels[0] == 99);
  CHECK(parse_cifar(bytes, CifarKind::kCifar100Coarse, "x").labels[0] == 19);
}

TEST_CASE("cifar: files are joined and named") {
  const TempFolder folder;
  save(folder.file("a.bin"), to_bytes(record("\x01", 1, 1, 1)));
  save(folder.file("b.bin"), to_bytes(record("\x02", 2, 2, 2)));
  save(folder.file("names.txt"), to_bytes("n0\nn1\nn2\nn3\nn4\nn5\nn6\nn7\nn8\nn9\n\n"));
  const PixelSet set = read_cifar({folder.file("a.bin"), folder.file("b.bin")}, CifarKind::kCifar10);
  CHECK(set.labels == std::vector<int32_t>{1, 2});
  CHECK(set.pixels.size() == 2 * 3072);
  CHECK(set.label_set[3] == "cat");
  CHECK(read_cifar({folder.file("a.bin")}, CifarKind::kCifar10, folder.file("names.txt")).label_set[9] == "n9");
  expect_error(ErrorKind::kData, "expected 100 names", [&] {
    save(folder.file("c.bin"), to_bytes(record(std::string("\0\0", 2), 1, 1, 1)));
    read_cifar({folder.file("c.bin")}, CifarKind::kCifar100, folder.file("names.txt"));
  });
}

TEST_CASE("cifar: broken files are refused") {
  const std::string good = record("\x01", 1, 1, 1);
  const auto parse = [](const std::string& text, CifarKind kind) { parse_cifar(to_bytes(text), kind, "x"); };
  expect_error(ErrorKind::kData, "whole records of 3073 bytes", [&] { parse(good + "x", CifarKind::kCifar10); });
  expect_error(ErrorKind::kData, "found 0 bytes", [&] { parse("", CifarKind::kCifar10); });
  expect_error(ErrorKind::kData, "label[1]: expected 0..9, found 10",
               [&] { parse(good + record("\x0A", 1, 1, 1), CifarKind::kCifar10); });
  expect_error(ErrorKind::kData, "expected 0..99, found 100",
               [&] { parse(record(std::string("\0\x64", 2), 1, 1, 1), CifarKind::kCifar100); });
  try {
    parse(good, CifarKind::kCifar100);
    FAIL_CHECK("nothing thrown");
  } catch (const Error& error) {
    CHECK(error.hint().find("CIFAR-10") != std::string::npos);
  }
  expect_error(ErrorKind::kUsage, "no files", [] { read_cifar({}, CifarKind::kCifar10); });
}
