#include "io/h5_writer.h"

#include <doctest/doctest.h>
#include <hdf5.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <limits>
#include <numeric>

#include "base/child.h"
#include "base/file.h"
#include "base/memory.h"
#include "io/h5_fixtures.h"
#include "io/h5_reader.h"
#include "io/verify.h"

namespace fovea::io {
namespace {

using test::bytes_of;
using test::error_of;
using test::root_attributes;
using Extents = std::vector<int64_t>;

RootAttributes features_root() {
  RootAttributes root = root_attributes();
  root.schema = "fovea.features";
  return root;
}

std::vector<float> ramp(int64_t count) {
  std::vector<float> values(static_cast<size_t>(count));
  std::iota(values.begin(), values.end(), 0.5f);
  return values;
}

void write_features(const std::string& path, int64_t rows, int64_t columns, WriterOptions options = {}) {
  H5Writer writer(path, features_root(), options);
  writer.write<float>("features", Extents{rows, columns}, ramp(rows * columns), "item,feature");
  writer.set_attribute("/", "layer", "fc7");
  writer.set_attribute("features", "grid", std::vector<int32_t>{2, 3});
  writer.finish();
}

// The library's own reader, as the second opinion.
template <typename T>
std::vector<T> read_with_hdf5(const std::string& path, const char* name, hid_t type, size_t count) {
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  REQUIRE(file >= 0);
  const hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
  REQUIRE(set >= 0);
  std::vector<T> values(count);
  CHECK(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) >= 0);
  H5Dclose(set);
  H5Fclose(file);
  return values;
}

TEST_CASE("h5_writer: all types and attributes come back") {
  const TemporaryFolder folder;
  const std::string path = folder / "a.h5";
  H5Writer writer(path, features_root());
  writer.write<float>("features", Extents{2, 2}, std::vector<float>{1, 2, 3, 4}, "item,feature");
  writer.write<double>("/more/f64", Extents{2}, std::vector<double>{0.1, 1e300}, "x");
  writer.write<int32_t>("more/i32", Extents{2}, std::vector<int32_t>{-1, 1 << 30}, "x");
  writer.write<int64_t>("more/i64", Extents{}, std::vector<int64_t>{int64_t{-1} << 60}, "");
  writer.write<uint8_t>("more/u8", Extents{0, 3}, std::vector<uint8_t>{}, "x");
  writer.write<uint32_t>("more/u32", Extents{1}, std::vector<uint32_t>{0xffffffff}, "x");
  writer.write<uint64_t>("more/u64", Extents{1}, std::vector<uint64_t>{~uint64_t{0}}, "x");
  writer.write_strings("names", {"", "Zürich", "a b"}, "x");
  writer.write_text("text", "two\nlines");
  writer.create_group("empty/group");
  writer.set_attribute("/", "layer", "fc7");
  writer.set_attribute("more", "count", int64_t{-5});
  writer.set_attribute("more/f64", "unit", 2.5);
  writer.set_attribute("features", "grid", std::vector<int32_t>{4, 5});
  const std::string hash = writer.finish();

  const H5Reader reader = H5Reader::open(path, "fovea.features");
  CHECK(reader.attributes().content_hash == hash);
  CHECK(reader.attributes().seed == 7);
  CHECK(reader.attributes().inputs == root_attributes().inputs);
  CHECK(reader.attributes().fovea_version != "");
  CHECK(reader.attributes().complete);
  CHECK(reader.read<float>("features") == std::vector<float>{1, 2, 3, 4});
  CHECK(reader.read<double>("more/f64") == std::vector<double>{0.1, 1e300});
  CHECK(reader.read<int32_t>("/more/i32") == std::vector<int32_t>{-1, 1 << 30});
  CHECK(reader.read<int64_t>("more/i64") == std::vector<int64_t>{int64_t{-1} << 60});
  CHECK(reader.extents("more/i64").empty());
  CHECK(reader.extents("more/u8") == Extents{0, 3});
  CHECK(reader.read<uint8_t>("more/u8").empty());
  CHECK(reader.read<uint32_t>("more/u32")[0] == 0xffffffff);
  CHECK(reader.read<uint64_t>("more/u64")[0] == ~uint64_t{0});
  CHECK(reader.read_strings("names") == std::vector<std::string>{"", "Zürich", "a b"});
  CHECK(reader.text("text") == "two\nlines");
  CHECK(reader.children("") == std::vector<std::string>{"empty", "features", "more", "names", "text"});
  CHECK(reader.is_group("empty/group"));
  CHECK_FALSE(reader.has("more/none"));
  CHECK(reader.attribute_text("/", "layer") == "fc7");
  CHECK(reader.attribute_int("more", "count") == -5);
  CHECK(reader.attribute_double("more/f64", "unit") == 2.5);
  CHECK(reader.attribute_ints("features", "grid") == std::vector<int32_t>{4, 5});
  CHECK(reader.attribute_text("features", "axes") == "item,feature");
}

TEST_CASE("h5_writer: the HDF5 library reads the same values, chunked, split, compressed or not") {
  const TemporaryFolder folder;
  const std::string path = folder / "a.h5";
  for (const auto& [rows, columns] : {std::pair<int64_t, int64_t>{3, 5}, {1000, 333}, {2, 4500000}}) {
    for (const int level : {0, 4}) {
      if (level > 0 && columns > 1000) continue;
      const auto& rows_ = rows;  // clang 14 captures no structured bindings
      CAPTURE(rows_);
      CAPTURE(level);
      WriterOptions options;
      options.compress = level;
      write_features(path, rows, columns, options);
      const auto expected = ramp(rows * columns);
      CHECK((read_with_hdf5<float>(path, "features", H5T_NATIVE_FLOAT, expected.size()) == expected));
      const H5Reader reader(path);
      CHECK((reader.read<float>("features") == expected));
      std::vector<float> row(static_cast<size_t>(columns));
      reader.read_rows<float>("features", rows - 1, rows, row);
      CHECK((row == std::vector<float>(expected.end() - columns, expected.end())));
    }
  }
}

TEST_CASE("h5_writer: the same content gives the same bytes, in other folders, with other memory and other calls") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "other");
  write_features(folder / "a.h5", 700, 1000);
  // Uninitialised memory would show: fill it with another byte (sanitizers' allocators fill it anyway).
  mallopt(M_PERTURB, 0x5a);
  write_features(folder / "other/b.h5", 700, 1000);
  mallopt(M_PERTURB, 0);
  {
    H5Writer writer(folder / "c.h5", features_root());
    writer.create_rows("features", ElementType::kF32, Extents{1000}, "item,feature");
    const auto values = ramp(700 * 1000);
    for (int64_t row = 0; row < 700; row += 7) {
      writer.append_rows<float>("features", 7, std::span(values).subspan(static_cast<size_t>(row * 1000), 7000));
    }
    writer.set_attribute("features", "grid", std::vector<int32_t>{2, 3});
    writer.set_attribute("/", "layer", "fc7");
    writer.finish();
  }
  set_max_memory(1 << 20);  // too little to make the image in memory: the library writes the file
  write_features(folder / "d.h5", 700, 1000);
  set_max_memory(0);
  const auto a = bytes_of(folder / "a.h5");
  CHECK((a == bytes_of(folder / "d.h5")));
  CHECK((a == bytes_of(folder / "other/b.h5")));
  CHECK((a == bytes_of(folder / "c.h5")));
}

TEST_CASE("h5_writer: a file above the in-memory size is written straight, and spooled beside the target") {
  const TemporaryFolder folder;
  set_max_memory(int64_t{3} << 20);  // a third of it: the spool's share
  H5Writer writer(folder / "a.h5", features_root());
  writer.create_rows("features", ElementType::kF32, Extents{1000}, "item,feature");
  writer.create_rows("extra", ElementType::kI32, {}, "item");
  const auto values = ramp(1000 * 1000);
  for (int32_t row = 0; row < 3000; ++row) {
    const size_t at = static_cast<size_t>(row % 1000) * 1000;
    writer.append_rows<float>("features", 1, std::span(values).subspan(at, 1000));
    writer.append_rows<int32_t>("extra", 1, std::array<int32_t, 1>{row});
  }
  const std::string hash = writer.finish();
  set_max_memory(0);
  const H5Reader reader = H5Reader::open(folder / "a.h5", "fovea.features");
  CHECK(reader.extents("features") == Extents{3000, 1000});
  std::vector<float> rows(2000);
  reader.read_rows<float>("features", 2998, 3000, rows);
  CHECK((rows == std::vector<float>(values.end() - 2000, values.end())));
  CHECK(reader.read<int32_t>("extra")[1234] == 1234);
  CHECK(compute_content_hash(reader) == hash);
  // Nothing else is left in the folder.
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("h5_writer: NaN is canonical") {
  const TemporaryFolder folder;
  const float odd = std::bit_cast<float>(0xffc01234u);
  H5Writer writer(folder / "a.h5", features_root());
  writer.write<float>("x", Extents{2}, std::vector<float>{odd, -0.0f}, "x");
  writer.finish();
  const auto values = H5Reader(folder / "a.h5").read<float>("x");
  CHECK(std::bit_cast<uint32_t>(values[0]) == 0x7fc00000u);
  CHECK(std::bit_cast<uint32_t>(values[1]) == 0x80000000u);
}

TEST_CASE("h5_writer: --no-clobber and a missing folder end with 73, before any work") {
  const TemporaryFolder folder;
  write_features(folder / "a.h5", 2, 2);
  const auto before = bytes_of(folder / "a.h5");
  WriterOptions options;
  options.no_clobber = true;
  CHECK(error_of([&] { H5Writer(folder / "a.h5", features_root(), options); }).kind() == ErrorKind::kCannotCreate);
  CHECK(error_of([&] { H5Writer(folder / "no/a.h5", features_root()); }).kind() == ErrorKind::kCannotCreate);
  CHECK((bytes_of(folder / "a.h5") == before));
}

TEST_CASE("h5_writer: without finish() nothing changes") {
  const TemporaryFolder folder;
  write_features(folder / "a.h5", 2, 2);
  const auto before = bytes_of(folder / "a.h5");
  {
    H5Writer writer(folder / "a.h5", features_root());
    writer.write<float>("features", Extents{1, 1}, std::vector<float>{1}, "x");
  }
  CHECK((bytes_of(folder / "a.h5") == before));
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("h5_writer: an attribute above 64 KiB and a NUL byte are refused") {
  const TemporaryFolder folder;
  H5Writer writer(folder / "a.h5", features_root());
  CHECK(error_of([&] { writer.set_attribute("/", "layer", std::string(70000, 'x')); }).kind() == ErrorKind::kData);
  CHECK(error_of([&] { writer.write_strings("s", {std::string("a\0b", 3)}, "x"); }).kind() == ErrorKind::kData);
}

// A pipe's contents, made by a child that writes the file image to it.
TEST_CASE("h5_writer: a pipe carries the same bytes as a file") {
  const TemporaryFolder folder;
  write_features(folder / "a.h5", 700, 100);
  const std::string fifo = folder / "pipe";
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  const pid_t child = fork();
  if (child == 0) {
    write_features(fifo, 700, 100);
    _exit(0);
  }
  const auto got = bytes_of(fifo);
  int status = 1;
  waitpid(child, &status, 0);
  CHECK(status == 0);
  CHECK((got == bytes_of(folder / "a.h5")));
}

TEST_CASE("h5_writer: a pipe over the memory limit fails cleanly") {
  const TemporaryFolder folder;
  set_max_memory(int64_t{1} << 20);
  const Error error = error_of([&] {
    H5Writer writer("/dev/null", features_root());
    writer.write<float>("features", Extents{1000, 1000}, ramp(1000 * 1000), "x");
  });
  set_max_memory(0);
  CHECK(error.kind() == ErrorKind::kData);
  CHECK(error.hint().find("write to a file instead") != std::string::npos);
}

TEST_CASE("h5_writer: a full disk ends with 74, and the old file stays") {
  const TemporaryFolder folder;
  // Made in memory; written by the HDF5 library; the library's file reserved but its metadata too much; spooled.
  for (const auto& [memory, bytes] :
       {std::pair<int64_t, rlim_t>{0, 1000}, {1 << 20, 1000}, {1 << 20, 400000}, {1 << 18, 1000}}) {
    const std::string path = folder / "a.h5";
    const auto& memory_ = memory;  // clang 14 captures no structured bindings
    CAPTURE(memory_);
    const auto& bytes_ = bytes;  // clang 14 captures no structured bindings
    CAPTURE(bytes_);
    write_features(path, 2, 2);
    const auto before = bytes_of(path);
    const int code = run_in_child([&, limit = rlimit{bytes, bytes}, budget = memory] {
      std::signal(SIGXFSZ, SIG_IGN);
      setrlimit(RLIMIT_FSIZE, &limit);
      set_max_memory(budget);
      const Error error = error_of([&] { write_features(path, 100, 1000); });
      return error.kind() == ErrorKind::kIo ? 0 : 1;
    });
    CHECK(code == 0);
    CHECK((bytes_of(path) == before));
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
  }
}

}  // namespace
}  // namespace fovea::io
