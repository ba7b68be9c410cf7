#include "io/mat5.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include <bit>
#include <cstring>

#include "base/memory.h"
#include "io/h5_fixtures.h"

namespace fovea::io {
namespace {

using test::error_of;

// Writes MAT files in either byte order.
struct Maker {
  bool big = false;

  template <typename T>
  std::string number(T value) const {
    std::string bytes(sizeof(T), '\0');
    std::memcpy(bytes.data(), &value, sizeof(T));
    if (big != (std::endian::native == std::endian::big)) bytes.assign(bytes.rbegin(), bytes.rend());
    return bytes;
  }
  template <typename T>
  std::string numbers(const std::vector<T>& values) const {
    std::string bytes;
    for (const T value : values) bytes += number(value);
    return bytes;
  }
  std::string element(uint32_t type, std::string data) const {
    const std::string tag = number(type) + number(static_cast<uint32_t>(data.size()));
    if (type != 15) data.resize((data.size() + 7) / 8 * 8);
    return tag + data;
  }
  std::string small(uint32_t type, std::string data) const {
    const auto word = static_cast<uint32_t>(data.size()) << 16 | type;
    data.resize(4);
    return number(word) + data;
  }
  std::string matrix(uint32_t kind, const std::vector<int32_t>& extents, const std::string& name,
                     const std::string& rest) const {
    return element(14,
                   element(6, numbers<uint32_t>({kind, 0})) + element(5, numbers(extents)) + element(1, name) + rest);
  }
  std::string text(const std::string& name, const std::string& value) const {
    return matrix(4, {1, static_cast<int32_t>(value.size())}, name, element(16, value));
  }
  std::string compressed(const std::string& plain) const {
    std::string packed(compressBound(static_cast<uLong>(plain.size())), '\0');
    uLongf size = static_cast<uLongf>(packed.size());
    compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(plain.data()),
             static_cast<uLong>(plain.size()));
    packed.resize(size);
    return element(15, packed);
  }
  std::string file(const std::string& elements) const {
    std::string header = "MATLAB 5.0 MAT-file, made by a test";
    header.resize(124, ' ');
    return header + number(uint16_t{0x0100}) + (big ? "MI" : "IM") + elements;
  }
};

MatFile parse(const std::string& bytes, const std::vector<std::string>& only = {}) {
  return parse_mat5(std::as_bytes(std::span(bytes)), "a.mat", only);
}
std::string message(const std::string& bytes) {
  return error_of([&] { parse(bytes); }).what();
}
bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_CASE("mat5: numbers of all storage types come back in both byte orders") {
  for (const bool big : {false, true}) {
    const Maker make{big};
    std::string elements = make.matrix(6, {2, 3}, "d", make.element(9, make.numbers<double>({1, 2, 3, 4, 5, 6.5})));
    elements += make.matrix(6, {1, 3}, "packed", make.small(2, "\x01\xFF\x07"));  // doubles stored as bytes
    elements += make.matrix(7, {1, 2}, "f", make.element(7, make.numbers<float>({0.25F, -1})));
    elements += make.matrix(10, {2, 1}, "s", make.small(3, make.numbers<int16_t>({-2, 300})));
    elements += make.matrix(14, {1, 1}, "l", make.element(12, make.number(int64_t{-5000000000})));
    elements += make.matrix(6, {0, 0}, "none", make.element(9, ""));
    const MatFile file = parse(make.file(elements));
    REQUIRE(file.variables.size() == 6);
    CHECK(file.variable("d").extents == std::vector<int64_t>{2, 3});
    CHECK(file.variable("d").values == std::vector<double>{1, 2, 3, 4, 5, 6.5});
    CHECK(file.variable("packed").values == std::vector<double>{1, 255, 7});
    CHECK(file.variable("f").values == std::vector<double>{0.25, -1});
    CHECK(file.variable("s").values == std::vector<double>{-2, 300});
    CHECK(file.variable("l").values == std::vector<double>{-5000000000});
    CHECK(file.variable("none").values.empty());
    CHECK(has(error_of([&] { file.variable("x"); }).what(), "d, packed, f, s, l, none"));
  }
}

TEST_CASE("mat5: cells, structs and text nest") {
  const Maker make;
  const std::string one = make.matrix(6, {1, 1}, "", make.element(9, make.number(7.0)));
  const std::string cell = make.matrix(1, {1, 3}, "c", one + make.text("", "caf\xC3\xA9") + make.element(14, ""));
  const std::string names = make.small(5, make.number(int32_t{4})) + make.element(1, std::string("id\0\0box\0", 8));
  const std::string record = make.matrix(2, {1, 2}, "r", names + make.text("", "p") + one + make.text("", "q") + one);
  const std::string rows =
      make.matrix(4, {2, 3}, "t", make.element(4, make.numbers<uint16_t>({'a', 'd', 'b', 0xE9, 'c', 'f'})));
  const std::string other = make.matrix(5, {9, 9}, "sparse", "");
  const MatFile file = parse(make.file(make.compressed(cell) + record + rows + make.compressed(other)));
  const MatArray& c = file.variable("c");
  CHECK(c.kind == MatKind::kCell);
  REQUIRE(c.items.size() == 3);
  CHECK(c.items[0].values == std::vector<double>{7});
  CHECK(c.items[1].text() == "caf\xC3\xA9");
  CHECK(c.items[2].count() == 0);
  const MatArray& r = file.variable("r");
  CHECK(r.fields == std::vector<std::string>{"id", "box"});
  CHECK(r.at(1, "id").text() == "q");
  CHECK(r.at(0, "box").values == std::vector<double>{7});
  CHECK(r.field_index("x") == -1);
  CHECK(file.variable("t").rows == std::vector<std::string>{"abc",
                                                            "d\xC3\xA9"
                                                            "f"});
  CHECK(file.variable("sparse").kind == MatKind::kOther);
  const MatFile some = parse(make.file(cell + record), {"r"});
  CHECK(some.variables.size() == 1);
  CHECK(has(error_of([&] { some.variable("x"); }).what(), "expected a variable 'x', found r, c"));
}

TEST_CASE("mat5: other formats are refused by name") {
  CHECK(has(message("MATLAB 7.3 MAT-file, Platform: GLNXA64"), "level 7.3 (HDF5)"));
  CHECK(has(message(std::string("\x89HDF\r\n\x1a\n", 8)), "level 7.3 (HDF5)"));
  CHECK(has(message(std::string(40, '\0')), "level 4"));
  CHECK(has(message("some words"), "found text"));
  CHECK(has(message(""), "found nothing"));
}

TEST_CASE("mat5: every truncation is refused, and so are claims that the file can't hold") {
  const Maker make;
  const std::string cell = make.matrix(
      1, {1, 2}, "c",
      make.text("", "ab") + make.matrix(6, {2, 2}, "", make.element(9, make.numbers<double>({1, 2, 3, 4}))));
  for (const std::string& whole : {make.file(cell), make.file(make.compressed(cell))}) {
    CHECK(parse(whole).variables.size() == 1);
    for (size_t size = 129; size < whole.size(); ++size) {
      CAPTURE(size);
      CHECK(error_of([&] { parse(whole.substr(0, size)); }).kind() == ErrorKind::kData);
    }
  }
  CHECK(has(message(make.file(make.matrix(1, {2000000000, 1000000000}, "c", ""))), "cells"));
  CHECK(has(message(make.file(make.matrix(6, {2000000000, 2000000000, 2000000000}, "d", ""))), "overflows"));
  CHECK(has(message(make.file(make.matrix(6, {-1, 1}, "d", ""))), "extents >= 0"));
  CHECK(
      has(message(make.file(make.matrix(6, {2, 2}, "d", make.element(9, make.number(1.0))))), "4 numbers of 8 bytes"));
  std::string bomb = make.element(14, std::string(1 << 20, '\0'));
  bomb.replace(4, 4, make.number(uint32_t{0xF0000000}));  // says more than deflate can make of so few bytes
  CHECK(has(message(make.file(make.compressed(bomb))), "a size possible for"));
}

TEST_CASE("mat5: depth and memory are bounded") {
  const Maker make;
  std::string nested = make.matrix(6, {1, 1}, "", make.element(9, make.number(1.0)));
  for (int i = 0; i < kMatMaxDepth; ++i) nested = make.matrix(1, {1, 1}, "c", nested);
  CHECK(parse(make.file(nested)).variables.size() == 1);
  CHECK(has(message(make.file(make.matrix(1, {1, 1}, "c", nested))), "at most 32 levels"));
  set_max_memory(1 << 16);
  const std::string large = make.matrix(6, {1, 20000}, "d", make.element(2, std::string(20000, 'x')));
  CHECK(has(message(make.file(large)), "the limit is"));
  set_max_memory(0);
}

}  // namespace
}  // namespace fovea::io
