#include "io/protobuf.h"

#include "io/byte_fixtures.h"

using namespace fovea;
using namespace fovea::io;
using namespace fovea::test;

namespace {

void drain(const Bytes& bytes) {
  WireReader reader(bytes, "x");
  while (reader.next()) {
  }
}

void expect_broken(std::string_view text, std::string_view part) {
  const Bytes bytes = to_bytes(text);
  expect_error(ErrorKind::kData, part, [&] { drain(bytes); });
}

}  // namespace

TEST_CASE("protobuf: fields of every type are read") {
  // 1: varint 300 (the encoding guide's example), 2: "testing", 3: fixed32 1.0f, 4: fixed64 2.0, group 5 {1: 7}
  // skipped.
  const Bytes bytes = to_bytes(std::string("\x08\xAC\x02\x12\x07testing\x1D", 13) + raw(1.0F) + "\x21" + raw(2.0) +
                               "\x2B\x08\x07\x2C" + "\x30\x01");
  WireReader reader(bytes, "x");
  auto field = reader.next();
  REQUIRE(field);
  CHECK(field->number == 1);
  CHECK(reader.unsigned_value(*field) == 300);
  expect_error(ErrorKind::kData, "x: byte 0: expected text", [&] { reader.text(*field); });
  field = reader.next();
  CHECK(field->offset == 3);
  CHECK(reader.text(*field) == "testing");
  std::vector<float> floats;
  reader.append_floats(*reader.next(), floats);
  reader.append_doubles(*reader.next(), floats);
  CHECK(floats == std::vector<float>{1, 2});
  field = reader.next();
  CHECK(field->number == 6);
  CHECK_FALSE(reader.next());
}

TEST_CASE("protobuf: packed and negative numbers") {
  const Bytes bytes = to_bytes(std::string("\x0A\x04\x03\x8E\x02\x05", 6) + "\x10" + std::string(9, '\xFF') + "\x01");
  WireReader reader(bytes, "x");
  std::vector<int64_t> numbers;
  reader.append_integers(*reader.next(), numbers);
  CHECK(numbers == std::vector<int64_t>{3, 270, 5});
  CHECK(reader.signed_value(*reader.next()) == -1);
}

TEST_CASE("protobuf: damaged messages end in an error with the byte") {
  expect_broken("\x08", "x: byte 1: truncated number");
  expect_broken("\x08\xFF\xFF", "truncated number");
  expect_broken(std::string("\x08") + std::string(10, '\xFF') + "\x01", "more than 64 bits");
  expect_broken("\x12\x07test", "says 7 bytes, 4 are left");
  expect_broken("\x12\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", "truncated: field 2");
  expect_broken("\x1D\x01\x02", "truncated fixed-size field");
  expect_broken(std::string("\x00\x01", 2), "invalid field number 0");
  expect_broken("\x0E\x01", "invalid wire type 6");
  expect_broken("\x0B\x08\x01", "group without an end");
  expect_broken("\x0C", "group end without its start");
  expect_broken("\x0B\x14", "group end without its start");
  expect_broken(std::string(100, '\x0B'), "nested too deeply");
}

TEST_CASE("protobuf: nesting is bounded") {
  // 100 messages, each inside field 1 of the one before.
  std::string text;
  for (int i = 0; i < 100; ++i) text = "\x0A" + little(text.size() | 0x80, 1) + little(text.size() >> 7, 1) + text;
  const Bytes bytes = to_bytes(text);
  expect_error(ErrorKind::kData, "nested too deeply", [&] {
    WireReader reader(bytes, "x");
    while (const auto field = reader.next()) reader = reader.message(*field);
  });
}
