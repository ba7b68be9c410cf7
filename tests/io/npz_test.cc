#include "io/npz.h"

#include <zlib.h>

#include "io/byte_fixtures.h"
#include "io/zip.h"

using namespace fovea;
using namespace fovea::io;
using namespace fovea::test;

namespace {

// A .npy file by hand, version 1.
std::string npy(const std::string& descr, const std::string& order, const std::string& shape, const std::string& data) {
  const std::string header = "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
  return std::string("\x93NUMPY\1\0", 8) + little(header.size(), 2) + header + data;
}

NamedTensor parse(const std::string& text) { return parse_npy(to_bytes(text), "a", "x"); }

// A zip archive with one deflate entry; `claimed` is the unpacked size it declares.
std::string deflate_zip(const std::string& name, const std::string& content, uint32_t claimed, bool zip64) {
  std::string packed(compressBound(content.size()) + 16, '\0');
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
  std::string copy = content;
  stream.next_in = reinterpret_cast<Bytef*>(copy.data());
  stream.avail_in = static_cast<uInt>(copy.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  const uint64_t crc = crc32(0, reinterpret_cast<const Bytef*>(copy.data()), static_cast<uInt>(copy.size()));
  const std::string extra =
      zip64 ? little(1, 2) + little(16, 2) + little(claimed, 8) + little(packed.size(), 8) : std::string();
  const std::string sizes = zip64 ? std::string(8, '\xFF') : little(packed.size(), 4) + little(claimed, 4);
  const std::string common = little(20, 2) + little(0, 2) + little(8, 2) + little(0, 4) + little(crc, 4) + sizes +
                             little(name.size(), 2) + little(extra.size(), 2);
  const std::string local = "PK\3\4" + common + name + extra + packed;
  const std::string central =
      "PK\1\2" + little(20, 2) + common + little(0, 2) + little(0, 4) + little(0, 4) + little(0, 4) + name + extra;
  return local + central + "PK\5\6" + little(0, 4) + little(1, 2) + little(1, 2) + little(central.size(), 4) +
         little(local.size(), 4) + little(0, 2);
}

}  // namespace

TEST_CASE("npz: written arrays come back") {
  const TempFolder folder;
  const std::vector<NamedTensor> tensors = {{"conv1/weight", {2, 1, 1, 2}, {1, -2, 3.5F, 0}},
                                            {"b", {3}, {1, 2, 3}},
                                            {"scalar", {}, {7}},
                                            {"none", {0, 4}, {}}};
  write_npz(folder.file("w.npz"), tensors);
  const auto back = read_npz(folder.file("w.npz"));
  REQUIRE(back.size() == 4);
  for (size_t i = 0; i < back.size(); ++i) {
    CHECK(back[i].name == tensors[i].name);
    CHECK(back[i].shape == tensors[i].shape);
    CHECK(back[i].values == tensors[i].values);
  }
  CHECK(encode_npz(tensors) == encode_npz(back));
  expect_error(ErrorKind::kData, "unique names", [] { encode_npz({{"a", {1}, {1}}, {"a", {1}, {1}}}); });
}

TEST_CASE("npz: element types of both byte orders become floats") {
  CHECK(parse(npy("<f4", "False", "(2,)", raw(1.5F) + raw(-2.0F))).values == std::vector<float>{1.5F, -2});
  CHECK(parse(npy("<f8", "False", "(1,)", raw(0.25))).values == std::vector<float>{0.25F});
  // Halves: 1.0, -2.0, 65504, the smallest subnormal 2^-24.
  CHECK(parse(npy("<f2", "False", "(4,)", little(0x3C00, 2) + little(0xC000, 2) + little(0x7BFF, 2) + little(1, 2)))
            .values == std::vector<float>{1, -2, 65504, 0x1p-24F});
  CHECK(parse(npy(">i4", "False", "(2,)", big(5, 4) + big(0xFFFFFFFF, 4))).values == std::vector<float>{5, -1});
  CHECK(parse(npy("|u1", "False", "(2,)", "\x01\xFF")).values == std::vector<float>{1, 255});
  CHECK(parse(npy("|i1", "False", "(1,)", "\xFF")).values == std::vector<float>{-1});
  CHECK(parse(npy("<i8", "False", "()", little(42, 8))).values == std::vector<float>{42});
  CHECK(parse(npy("|b1", "False", "(2,)", std::string("\0\1", 2))).values == std::vector<float>{0, 1});
}

TEST_CASE("npz: Fortran order is turned into C order") {
  std::string data;
  for (const float value : {1.F, 4.F, 2.F, 5.F, 3.F, 6.F}) data += raw(value);
  const NamedTensor tensor = parse(npy("<f4", "True", "(2, 3)", data));
  CHECK(tensor.shape == std::vector<int64_t>{2, 3});
  CHECK(tensor.values == std::vector<float>{1, 2, 3, 4, 5, 6});
}

TEST_CASE("npz: deflate and zip64 entries are read") {
  const std::string array = npy("<f4", "False", "(1000,)", std::string(4000, '\0'));
  for (const bool zip64 : {false, true}) {
    const Bytes zip = to_bytes(deflate_zip("w.npy", array, static_cast<uint32_t>(array.size()), zip64));
    const auto tensors = parse_npz(zip, "x");
    REQUIRE(tensors.size() == 1);
    CHECK(tensors[0].name == "w");
    CHECK(tensors[0].values == std::vector<float>(1000));
  }
}

TEST_CASE("npz: broken arrays are refused") {
  expect_error(ErrorKind::kData, "expected 8 bytes of values for (2) <f4, found 4",
               [] { parse(npy("<f4", "False", "(2,)", raw(1.F))); });
  expect_error(ErrorKind::kData, "an extent", [] { parse(npy("<f4", "False", "(-2,)", "")); });
  expect_error(ErrorKind::kData, "overflow", [] { parse(npy("<f4", "False", "(4294967296, 4294967296)", "")); });
  expect_error(ErrorKind::kData, "an extent", [] { parse(npy("<f4", "False", "(99999999999999999999,)", "")); });
  expect_error(ErrorKind::kData, "numeric type", [] { parse(npy("|O", "False", "(1,)", "12345678")); });
  expect_error(ErrorKind::kData, "numeric type", [] { parse(npy("<c8", "False", "(1,)", "12345678")); });
  expect_error(ErrorKind::kData, "True or False", [] { parse(npy("<f4", "Maybe", "(1,)", "1234")); });
  expect_error(ErrorKind::kData, "keys descr",
               [] { parse_npy(to_bytes(std::string("\x93NUMPY\1\0", 8) + little(3, 2) + "{ }"), "a", "x"); });
  expect_error(ErrorKind::kData, "version", [] { parse(std::string("\x93NUMPY\x09\0\1\0 ", 11)); });
  const Bytes whole = to_bytes(npy("<f4", "False", "(2,)", raw(1.F) + raw(2.F)));
  expect_truncations_fail(whole, 1, [](const Bytes& part) { parse_npy(part, "a", "x"); });
}

TEST_CASE("npz: broken archives are refused") {
  const std::string array = npy("<f4", "False", "(2,)", raw(1.F) + raw(2.F));
  const auto size = static_cast<uint32_t>(array.size());
  const Bytes good = to_bytes(deflate_zip("w.npy", array, size, false));
  expect_truncations_fail(good, 1, [](const Bytes& part) { parse_npz(part, "x"); });
  expect_error(ErrorKind::kData, "after decompression",
               [&] { parse_npz(to_bytes(deflate_zip("w.npy", array, size - 1, false)), "x"); });
  // A claim beyond what deflate can hold is refused before allocation.
  expect_error(ErrorKind::kData, "a size possible for",
               [&] { parse_npz(to_bytes(deflate_zip("w.npy", array, 0xFFFFFFF0, false)), "x"); });
  Bytes crc = good;
  crc[good.size() - 22 - 5 - 46 + 16] ^= std::byte{1};  // in the directory
  expect_error(ErrorKind::kData, "crc-32", [&] { parse_npz(crc, "x"); });
  expect_error(ErrorKind::kData, "expected npy arrays", [&] {
    parse_npz(make_zip({{"readme.txt", to_bytes("hi")}}), "x");
  });
  const Bytes twice = make_zip({{"a.npy", to_bytes(array)}, {"a.npy", to_bytes(array)}});
  expect_error(ErrorKind::kData, "twice", [&] { parse_npz(twice, "x"); });
  const TempFolder folder;
  save(folder.file("t.npz"), to_bytes("just text"));
  expect_error(ErrorKind::kData, ".npz or .npy", [&] { read_npz(folder.file("t.npz")); });
  save(folder.file("a.npy"), to_bytes(array));
  CHECK(read_npz(folder.file("a.npy"))[0].name == "a");
}
