#include "io/caffemodel.h"

#include <hdf5.h>

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
std::string floats(const std::vector<float>& values) {
  std::string text;
  for (const float value : values) text += raw(value);
  return text;
}
// BlobProto with shape (field 7) and packed data (field 5).
std::string blob(const std::vector<uint64_t>& shape, const std::vector<float>& values) {
  std::string dims;
  for (const uint64_t dim : shape) dims += varint(dim);
  return bytes_field(7, bytes_field(1, dims)) + bytes_field(5, floats(values));
}
std::string layer(const std::string& name, const std::vector<std::string>& blobs) {
  std::string text = bytes_field(1, name) + bytes_field(2, "Convolution");
  for (const std::string& b : blobs) text += bytes_field(7, b);
  return bytes_field(100, text);
}
std::vector<NamedTensor> parse(const std::string& text) { return parse_caffemodel(to_bytes(text), "m"); }

void h5_array(hid_t file, const char* name, const std::vector<hsize_t>& shape, const std::vector<float>& values) {
  const hid_t create = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_create_intermediate_group(create, 1);
  const hid_t space = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
  const hid_t set = H5Dcreate2(file, name, H5T_IEEE_F32LE, space, create, H5P_DEFAULT, H5P_DEFAULT);
  REQUIRE(H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) >= 0);
  H5Dclose(set);
  H5Sclose(space);
  H5Pclose(create);
}

}  // namespace

TEST_CASE("caffemodel: new layers with shapes, packed and single values") {
  std::string single;  // unpacked floats: field 5, wire type 5
  for (const float value : {7.F, 8.F}) single += varint(5 << 3 | 5) + raw(value);
  single = bytes_field(7, bytes_field(1, varint(2))) + single;
  const auto tensors =
      parse(bytes_field(1, "net") + layer("data", {}) + layer("conv1", {blob({2, 1, 1, 2}, {1, 2, 3, 4}), single}));
  REQUIRE(tensors.size() == 2);
  CHECK(tensors[0].name == "conv1/0");
  CHECK(tensors[0].shape == std::vector<int64_t>{2, 1, 1, 2});
  CHECK(tensors[0].values == std::vector<float>{1, 2, 3, 4});
  CHECK(tensors[1].name == "conv1/1");
  CHECK(tensors[1].values == std::vector<float>{7, 8});
}

TEST_CASE("caffemodel: V1 layers with legacy shapes and doubles") {
  const std::string old_blob = number_field(1, 1) + number_field(2, 1) + number_field(3, 2) + number_field(4, 3) +
                               bytes_field(5, floats({1, 2, 3, 4, 5, 6}));
  const std::string doubles = bytes_field(7, bytes_field(1, varint(2))) + bytes_field(8, raw(0.5) + raw(-1.0));
  const auto tensors =
      parse(bytes_field(2, bytes_field(4, "fc8") + bytes_field(6, old_blob) + bytes_field(6, doubles)));
  REQUIRE(tensors.size() == 2);
  CHECK(tensors[0].name == "fc8/0");
  CHECK(tensors[0].shape == std::vector<int64_t>{1, 1, 2, 3});
  CHECK(tensors[1].values == std::vector<float>{0.5F, -1});
}

TEST_CASE("caffemodel: broken models are refused") {
  expect_error(ErrorKind::kData, "expected 4 values for shape (2,2), found 3", [] {
    parse(layer("c", {blob({2, 2}, {1, 2, 3})}));
  });
  expect_error(ErrorKind::kData, "extents >= 0", [] { parse(layer("c", {blob({~uint64_t{0}, 2}, {1, 2})})); });
  expect_error(ErrorKind::kData, "overflow", [] { parse(layer("c", {blob({1ULL << 40, 1ULL << 40}, {1})})); });
  expect_error(ErrorKind::kData, "no layer with blobs", [] { parse(layer("c", {})); });
  expect_error(ErrorKind::kData, "an empty file", [] { parse(""); });
  expect_error(ErrorKind::kData, "without a name", [] { parse(bytes_field(100, bytes_field(7, blob({1}, {1})))); });
  expect_error(ErrorKind::kData, "32-bit floats", [] { parse(layer("c", {bytes_field(5, "123")})); });
  expect_error(ErrorKind::kData, "m: ", [] { parse("name: \"CaffeNet\" layer { name: \"conv1\" }"); });
  const Bytes good = to_bytes(layer("conv1", {blob({2, 1, 1, 2}, {1, 2, 3, 4})}));
  expect_truncations_fail(good, 1, [](const Bytes& part) { parse_caffemodel(part, "m"); });
}

TEST_CASE("caffemodel: the HDF5 form is read by layer, nested names and shared blobs too") {
  const TempFolder folder;
  const std::string path = folder.file("net.caffemodel.h5");
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  h5_array(file, "/data/conv1/0", {2, 1, 1, 1}, {1, 2});
  h5_array(file, "/data/conv1/1", {2}, {3, 4});
  h5_array(file, "/data/inception_3a/1x1/0", {1}, {9});
  for (int i = 0; i < 11; ++i)
    h5_array(file, ("/data/many/" + std::to_string(i)).c_str(), {1}, {static_cast<float>(i)});
  H5Gclose(H5Gcreate2(file, "/data/shared", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  H5Lcreate_hard(file, "/data/conv1/0", file, "/data/shared/0", H5P_DEFAULT, H5P_DEFAULT);
  H5Fclose(file);
  const auto tensors = read_caffemodel(path);
  REQUIRE(tensors.size() == 15);
  CHECK(tensors[0].name == "conv1/0");
  CHECK(tensors[0].shape == std::vector<int64_t>{2, 1, 1, 1});
  CHECK(tensors[2].name == "inception_3a/1x1/0");
  for (size_t i = 0; i < 11; ++i) CHECK(tensors[3 + i].values[0] == static_cast<float>(i));
  CHECK(tensors[14].name == "shared/0");
  CHECK(tensors[14].values == std::vector<float>{1, 2});
}

TEST_CASE("caffemodel: HDF5 files without /data or with other names are refused") {
  const TempFolder folder;
  const std::string path = folder.file("x.h5");
  hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  H5Fclose(file);
  expect_error(ErrorKind::kData, "group /data", [&] { read_caffemodel(path); });
  file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  h5_array(file, "/data/conv1/weight", {1}, {1});
  H5Fclose(file);
  expect_error(ErrorKind::kData, "/data/<layer>/<number>", [&] { read_caffemodel(path); });
  expect_error(ErrorKind::kNoInput, "absent", [&] { read_caffemodel(folder.file("absent")); });
}
