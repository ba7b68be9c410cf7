#include "io/onnx_weights.h"

#include "io/byte_fixtures.h"

using namespace fovea;
using namespace fovea::io;
using namespace fovea::test;

namespace {

std::string varint(uint64_t value) {
  std::string text;
  for (; value >= 0x80; value >>= 7) text += static_cast<char>((value & 0x7F) | 0x80);
  return text + static_cast<char>(value);
}
std::string bytes_field(uint32_t number, const std::string& content) {
  return varint(number << 3 | 2) + varint(content.size()) + content;
}
std::string number_field(uint32_t number, uint64_t value) { return varint(number << 3) + varint(value); }

// TensorProto with dims, type and name; `data` are further fields.
std::string tensor(const std::string& name, const std::vector<uint64_t>& dims, uint64_t type, const std::string& data) {
  std::string text;
  for (const uint64_t dim : dims) text += number_field(1, dim);
  return bytes_field(5, text + number_field(2, type) + bytes_field(8, name) + data);
}
std::vector<NamedTensor> parse(const std::string& graph) {
  return parse_onnx_weights(to_bytes(number_field(1, 8) + bytes_field(2, "pytorch") + bytes_field(7, graph)), "m");
}

}  // namespace

TEST_CASE("onnx: initialisers of every floating type and form") {
  const auto tensors =
      parse(tensor("conv1.weight", {1, 2, 1, 1}, 1, bytes_field(9, raw(1.5F) + raw(-2.F))) +
            tensor("typed", {2}, 1, bytes_field(4, raw(3.F) + raw(4.F))) +
            tensor("half", {1}, 10, bytes_field(9, little(0x3C00, 2))) +
            tensor("half_typed", {2}, 10, bytes_field(5, varint(0x3C00) + varint(0xC000))) +
            tensor("bf16", {1}, 16, bytes_field(9, little(0x3FC0, 2))) +
            tensor("double", {1}, 11, bytes_field(9, raw(0.25))) +
            tensor("double_typed", {1}, 11, bytes_field(10, raw(0.5))) +
            tensor("shape", {1}, 7, bytes_field(9, little(5, 8))) + tensor("scalar", {}, 1, bytes_field(9, raw(9.F))));
  REQUIRE(tensors.size() == 8);  // the int64 one is left out
  CHECK(tensors[0].name == "conv1.weight");
  CHECK(tensors[0].shape == std::vector<int64_t>{1, 2, 1, 1});
  CHECK(tensors[0].values == std::vector<float>{1.5F, -2});
  CHECK(tensors[1].values == std::vector<float>{3, 4});
  CHECK(tensors[2].values == std::vector<float>{1});
  CHECK(tensors[3].values == std::vector<float>{1, -2});
  CHECK(tensors[4].values == std::vector<float>{1.5F});
  CHECK(tensors[5].values == std::vector<float>{0.25F});
  CHECK(tensors[6].values == std::vector<float>{0.5F});
  CHECK(tensors[7].values == std::vector<float>{9});
}

TEST_CASE("onnx: broken models are refused") {
  expect_error(ErrorKind::kData, "m: w: expected 3 values for dims (3), found 1",
               [] { parse(tensor("w", {3}, 1, bytes_field(9, raw(1.F)))); });
  expect_error(ErrorKind::kData, "extents >= 0",
               [] { parse(tensor("w", {~uint64_t{0}}, 1, bytes_field(9, raw(1.F)))); });
  expect_error(ErrorKind::kData, "units of 4 bytes", [] { parse(tensor("w", {1}, 1, bytes_field(9, "123"))); });
  expect_error(ErrorKind::kData, "external data", [] { parse(tensor("w", {1}, 1, number_field(14, 1))); });
  expect_error(ErrorKind::kData, "one form of data",
               [] { parse(tensor("w", {1}, 1, bytes_field(4, raw(1.F)) + bytes_field(9, raw(1.F)))); });
  expect_error(ErrorKind::kData, "16-bit patterns", [] { parse(tensor("w", {1}, 10, bytes_field(5, varint(70000)))); });
  expect_error(ErrorKind::kData, "no floating-point initialiser", [] { parse(""); });
  expect_error(ErrorKind::kData, "an empty file", [] { parse_onnx_weights({}, "m"); });
  const Bytes good = to_bytes(bytes_field(7, tensor("w", {1}, 1, bytes_field(9, raw(1.F)))));
  expect_truncations_fail(good, 1, [](const Bytes& part) { parse_onnx_weights(part, "m"); });
  const TempFolder folder;
  expect_error(ErrorKind::kNoInput, "absent", [&] { read_onnx_weights(folder.file("absent")); });
}
