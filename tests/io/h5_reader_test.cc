// Files made by the HDF5 library itself: what other programs write.
#include "io/h5_reader.h"

#include <doctest/doctest.h>
#include <hdf5.h>

#include <numeric>

#include "base/memory.h"
#include "io/h5_fixtures.h"
#include "io/h5_format.h"

namespace fovea::io {
namespace {

using test::error_of;

// Calls of the C API with their ids closed at the end.
class Library {
 public:
  explicit Library(const std::string& path, hid_t access = H5P_DEFAULT, hid_t creation = H5P_DEFAULT)
      : file_(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation, access)) {
    REQUIRE(file_ >= 0);
  }
  ~Library() { H5Fclose(file_); }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  hid_t file() const { return file_; }

  template <typename T>
  void dataset(const char* name, hid_t disk, hid_t memory, std::vector<hsize_t> extents, const std::vector<T>& values,
               hid_t list = H5P_DEFAULT) {
    const hid_t space = extents.empty() ? H5Screate(H5S_SCALAR)
                                        : H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr);
    const hid_t set = H5Dcreate2(file_, name, disk, space, H5P_DEFAULT, list, H5P_DEFAULT);
    REQUIRE(set >= 0);
    if (!values.empty()) CHECK(H5Dwrite(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) >= 0);
    H5Dclose(set);
    H5Sclose(space);
  }
  template <typename T>
  void attribute(const char* name, hid_t type, std::vector<hsize_t> extents, const std::vector<T>& values) {
    const hid_t space = extents.empty() ? H5Screate(H5S_SCALAR)
                                        : H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr);
    const hid_t made = H5Acreate2(file_, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    CHECK(H5Awrite(made, type, values.data()) >= 0);
    H5Aclose(made);
    H5Sclose(space);
  }

 private:
  hid_t file_;
};

hid_t var_string() {
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, H5T_VARIABLE);
  return type;
}

std::vector<int32_t> ramp(size_t count) {
  std::vector<int32_t> values(count);
  std::iota(values.begin(), values.end(), -7);
  return values;
}

TEST_CASE("h5_reader: chunks in three dimensions, with every order of filters") {
  const TemporaryFolder folder;
  const auto values = ramp(13 * 11 * 7);
  for (int order = 0; order < 4; ++order) {
    CAPTURE(order);
    {
      const hid_t list = H5Pcreate(H5P_DATASET_CREATE);
      const hsize_t chunk[] = {4, 5, 3};
      H5Pset_chunk(list, 3, chunk);
      if (order == 1) H5Pset_fletcher32(list);
      if (order > 0) H5Pset_shuffle(list);
      if (order > 0) H5Pset_deflate(list, 9);
      if (order == 2) H5Pset_fletcher32(list);
      Library library(folder / "a.h5");
      library.dataset("x", H5T_STD_I32LE, H5T_NATIVE_INT32, {13, 11, 7}, values, list);
      H5Pclose(list);
    }
    const H5Reader reader(folder / "a.h5");
    CHECK(reader.read<int32_t>("x") == values);
    std::vector<int32_t> rows(2 * 77);
    reader.read_rows<int32_t>("x", 3, 5, rows);
    CHECK(rows == std::vector<int32_t>(values.begin() + 3 * 77, values.begin() + 5 * 77));
  }
}

TEST_CASE("h5_reader: thousands of chunks, names and a deep tree") {
  const TemporaryFolder folder;
  const auto values = ramp(5000);
  {
    const hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    const hsize_t chunk[] = {2};
    H5Pset_chunk(list, 1, chunk);
    Library library(folder / "a.h5");
    library.dataset("x", H5T_STD_I32LE, H5T_NATIVE_INT32, {5000}, values, list);
    H5Pclose(list);
    for (int i = 0; i < 2000; ++i) {
      library.dataset(("name" + std::to_string(i)).c_str(), H5T_STD_I32LE, H5T_NATIVE_INT32, {},
                      std::vector<int32_t>{i});
    }
  }
  const H5Reader reader(folder / "a.h5");
  CHECK(reader.read<int32_t>("x") == values);
  CHECK(reader.children("/").size() == 2001);
  CHECK(reader.read<int32_t>("name1234")[0] == 1234);
}

TEST_CASE("h5_reader: compact, unwritten, half precision, small integers, other types") {
  const TemporaryFolder folder;
  {
    Library library(folder / "a.h5");
    const hid_t compact = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_layout(compact, H5D_COMPACT);
    library.dataset("compact", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, {2}, std::vector<double>{1, 2}, compact);
    H5Pclose(compact);
    library.dataset("unwritten", H5T_STD_I32LE, H5T_NATIVE_INT32, {100000}, std::vector<int32_t>{});
    const hid_t half = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(half, 15, 10, 5, 0, 10);
    H5Tset_size(half, 2);
    H5Tset_ebias(half, 15);
    library.dataset("half", half, H5T_NATIVE_FLOAT, {3}, std::vector<float>{1, -0.5, 65504});
    H5Tclose(half);
    library.dataset("short", H5T_STD_I16LE, H5T_NATIVE_INT16, {1}, std::vector<int16_t>{-3});
    library.dataset("big", H5T_IEEE_F32BE, H5T_NATIVE_FLOAT, {1}, std::vector<float>{1});
    library.attribute("small", H5T_STD_I16LE, {}, std::vector<int16_t>{-300});
    library.attribute("reals", H5T_IEEE_F32LE, {1}, std::vector<float>{0.5});
  }
  const H5Reader reader(folder / "a.h5");
  CHECK(reader.read<double>("compact") == std::vector<double>{1, 2});
  CHECK(reader.read_as_float("compact") == std::vector<float>{1, 2});
  CHECK(reader.read_as_float("half") == std::vector<float>{1, -0.5, 65504});
  CHECK(reader.attribute_int("/", "small") == -300);
  CHECK(reader.attribute_double("/", "reals") == 0.5);
  CHECK(error_of([&] { reader.attribute_uint("/", "small"); }).kind() == ErrorKind::kData);
  CHECK_FALSE(reader.is_readable("short"));
  CHECK_FALSE(reader.is_readable("big"));
  CHECK(reader.describe("short") == "int16 (1,)");
  const Error error = error_of([&] { reader.read<int32_t>("unwritten"); });
  CHECK(std::string(error.what()).find("unwritten: extent needs 390.6 KiB, file holds") != std::string::npos);
}

TEST_CASE("h5_reader: strings of all kinds") {
  const TemporaryFolder folder;
  {
    Library library(folder / "a.h5");
    const hid_t var = var_string();
    const std::vector<const char*> texts{"one", "", "a longer third string"};
    library.dataset("var", var, var, {3}, texts);
    library.attribute("names", var, {3}, texts);
    library.attribute("name", var, {}, std::vector<const char*>{"single"});
    H5Tclose(var);
    const hid_t spaced = H5Tcopy(H5T_FORTRAN_S1);
    H5Tset_size(spaced, 5);
    library.dataset("spaced", spaced, spaced, {2}, std::vector<char>{'a', 'b', ' ', ' ', ' ', 'c', ' ', 'd', ' ', ' '});
    H5Tclose(spaced);
  }
  const H5Reader reader(folder / "a.h5");
  const std::vector<std::string> expected{"one", "", "a longer third string"};
  CHECK(reader.read_strings("var") == expected);
  CHECK(reader.attribute_texts("/", "names") == expected);
  CHECK(reader.attribute_text("/", "name") == "single");
  CHECK(reader.read_strings("spaced") == std::vector<std::string>{"ab", "c d"});
}

TEST_CASE("h5_reader: many strings that share one heap object are bounded by the memory limit") {
  const TemporaryFolder folder;
  {
    Library library(folder / "a.h5");
    const hid_t var = var_string();
    const std::string text(1000, 'x');
    library.dataset("var", var, var, {3000}, std::vector<const char*>(3000, text.c_str()));
    H5Tclose(var);
  }
  const H5Reader reader(folder / "a.h5");
  set_max_memory(1 << 20);
  const Error error = error_of([&] { reader.read_strings("var"); });
  set_max_memory(0);
  CHECK(error.kind() == ErrorKind::kData);
  CHECK(reader.read_strings("var").size() == 3000);
}

TEST_CASE("h5_reader: hard links lead to one dataset, other links and newer formats are refused") {
  const TemporaryFolder folder;
  {
    Library library(folder / "hard.h5");
    library.dataset("a", H5T_STD_I32LE, H5T_NATIVE_INT32, {2}, std::vector<int32_t>{1, 2});
    H5Lcreate_hard(library.file(), "a", library.file(), "b", H5P_DEFAULT, H5P_DEFAULT);
  }
  CHECK(H5Reader(folder / "hard.h5").read<int32_t>("b") == std::vector<int32_t>{1, 2});
  {
    Library library(folder / "soft.h5");
    H5Lcreate_soft("/etc", library.file(), "s", H5P_DEFAULT, H5P_DEFAULT);
  }
  {
    Library library(folder / "external.h5");
    H5Lcreate_external("other.h5", "/x", library.file(), "e", H5P_DEFAULT, H5P_DEFAULT);
  }
  {
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    const Library library(folder / "latest.h5", access);
    H5Pclose(access);
  }
  {
    Library library(folder / "raw.h5");
    const hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(list, "/etc/passwd", 0, 100);
    library.dataset("x", H5T_STD_U8LE, H5T_NATIVE_UINT8, {100}, std::vector<uint8_t>{}, list);
    H5Pclose(list);
  }
  {
    Library library(folder / "cycle.h5");
    H5Lcreate_hard(library.file(), "/", library.file(), "again", H5P_DEFAULT, H5P_DEFAULT);
  }
  for (const auto& [name, text] : {std::pair{"soft.h5", "soft link"},
                                   {"external.h5", "newer format"},
                                   {"latest.h5", "superblock version"},
                                   {"raw.h5", "external files"},
                                   {"cycle.h5", "twice"}}) {
    const std::string path = folder / name;
    const Error error = error_of([&] { H5Reader{path}; });
    CAPTURE(error.what());
    CHECK(error.kind() == ErrorKind::kData);
    CHECK(std::string(error.what()).find(text) != std::string::npos);
  }
}

TEST_CASE("h5_reader: an unknown filter hides one dataset only") {
  const TemporaryFolder folder;
  {
    Library library(folder / "a.h5");
    const hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    const hsize_t chunk[] = {10};
    H5Pset_chunk(list, 1, chunk);
    H5Pset_nbit(list);
    library.dataset("x", H5T_STD_I32LE, H5T_NATIVE_INT32, {10}, ramp(10), list);
    H5Pclose(list);
    library.dataset("y", H5T_STD_I32LE, H5T_NATIVE_INT32, {10}, ramp(10));
  }
  const H5Reader reader(folder / "a.h5");
  CHECK(reader.read<int32_t>("y") == ramp(10));
  CHECK(std::string(error_of([&] { reader.type("x"); }).what()).find("unknown filter 5") != std::string::npos);
}

TEST_CASE("h5_reader: fletcher32 of known words") {
  // "abcdefgh" as big-endian words: sum1 = 0x6162+0x6364+0x6566+0x6768 = 0x19194 -> 0x9195; by hand likewise sum2.
  const std::string text = "abcdefgh";
  uint32_t sum1 = 0, sum2 = 0;
  for (size_t i = 0; i < text.size(); i += 2) {
    sum1 = (sum1 + static_cast<uint32_t>(text[i] << 8 | text[i + 1])) % 65535;
    sum2 = (sum2 + sum1) % 65535;
  }
  CHECK(fletcher32(std::as_bytes(std::span(text))) == (sum2 << 16 | sum1));
  CHECK((fletcher32(std::as_bytes(std::span(text))) & 0xffff) == 0x9195);
}

}  // namespace
}  // namespace fovea::io
