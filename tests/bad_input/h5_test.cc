// What damaged, wrong and hostile HDF5 files give: files-and-cli sections 2 and 11.
#include <doctest/doctest.h>
#include <hdf5.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "base/file.h"
#include "io/h5_fixtures.h"
#include "io/h5_reader.h"
#include "io/h5_writer.h"
#include "io/heatmaps_file.h"
#include "io/verify.h"

namespace fovea::io {
namespace {

using test::bytes_of;
using test::error_of;
using test::put;
using test::root_attributes;
using Extents = std::vector<int64_t>;

struct Kind {
  const char* schema;
  std::function<void(const std::string&)> write;
  std::function<void(const std::string&)> read;
};

// The first four have tests of their own below: their places are fixed.
const std::vector<Kind>& kinds() {
  static const std::vector<Kind> list{
      {"fovea.images", [](const std::string& path) { test::write_images(path, 40); },
       [](const std::string& path) { ImagesReader(path).read_all_pixels(); }},
      {"fovea.checkpoint",
       [](const std::string& path) { write_checkpoint(path, root_attributes(), test::checkpoint_data()); },
       [](const std::string& path) { read_checkpoint(path); }},
      {"fovea.log", [](const std::string& path) { test::write_log(path); },
       [](const std::string& path) { H5Reader::open(path, "fovea.log").read<double>("loss"); }},
      {"fovea.captions", [](const std::string& path) { test::write_captions(path, 90); },
       [](const std::string& path) {
         const CaptionsReader reader(path);
         for (int64_t c = 0; c < reader.captions(); ++c) reader.caption(c);
       }},
      {"fovea.poses", [](const std::string& path) { write_poses(path, root_attributes(), test::pose_set()); },
       [](const std::string& path) { read_poses(path); }},
      {"fovea.heatmaps", [](const std::string& path) { test::write_heat_maps(path); },
       [](const std::string& path) { HeatMapsReader(path).read("detector", 1); }},
  };
  return list;
}

bool contains(const Error& error, const std::string& part) {
  return std::string(error.what()).find(part) != std::string::npos;
}

// One line, 65, naming the file.
void check_data_error(const Error& error, const std::string& path, const std::string& part) {
  CAPTURE(error.what());
  CHECK(error.kind() == ErrorKind::kData);
  CHECK(std::string(error.what()).starts_with(path + ": "));
  CHECK(std::string(error.what()).find('\n') == std::string::npos);
  CHECK(contains(error, part));
}

// Changes a finished file through the HDF5 library.
void edit(const std::string& path, const std::function<void(hid_t)>& change) {
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  REQUIRE(file >= 0);
  change(file);
  H5Fclose(file);
}

TEST_CASE("h5: truncated at sixteenths") {
  const TemporaryFolder folder;
  const std::string path = folder / "a.h5";
  for (const Kind& kind : kinds()) {
    CAPTURE(kind.schema);
    kind.write(path);
    const auto whole = bytes_of(path);
    for (size_t part = 1; part < 16; ++part) {
      const size_t size = whole.size() * part / 16;
      put(path, {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)});
      const Error error = error_of([&] { kind.read(path); });
      check_data_error(
          error, path,
          "truncated: file says " + std::to_string(whole.size()) + " bytes, found " + std::to_string(size));
    }
    for (const size_t size : {0, 1, 7, 8, 50, 95}) {
      put(path, {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)});
      check_data_error(error_of([&] { kind.read(path); }), path, size == 0 ? "found 0 bytes" : "truncated");
    }
  }
}

TEST_CASE("h5: a flipped byte is found, or changes no value") {
  const TemporaryFolder folder;
  for (const Kind& kind : kinds()) {
    CAPTURE(kind.schema);
    kind.write(folder / "a.h5");
    const auto whole = bytes_of(folder / "a.h5");
    int found = 0;
    // The first bytes all; then a stride that is odd, so that every offset within a structure comes up.
    for (size_t at = 0; at < whole.size(); at += at < 2048 ? 1 : 13) {
      auto bytes = whole;
      bytes[at] ^= std::array{std::byte{0x01}, std::byte{0x80}, std::byte{0xff}}[at % 3];
      try {
        H5Reader reader(std::move(bytes), "flipped");
        verify_reader(reader);  // passes: the hash over all values is as before
      } catch (const Error& error) {
        CAPTURE(error.what());
        CAPTURE(at);
        CHECK(error.kind() == ErrorKind::kData);
        ++found;
      }
    }
    CHECK(found > 100);
  }
}

TEST_CASE("h5: a damaged chunk names its row") {
  const TemporaryFolder folder;
  const std::string path = folder / "a.h5";
  WriterOptions options;
  options.compress = 0;
  RootAttributes root = root_attributes();
  root.schema = "fovea.features";
  H5Writer writer(path, root, options);
  std::vector<float> values(1000 * 1000);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  writer.write<float>("features", Extents{1000, 1000}, values, "item,feature");
  writer.finish();
  auto bytes = bytes_of(path);
  const float mark = 700123;  // in the chunk of rows 524..785
  const auto at = std::search(bytes.begin(), bytes.end(), reinterpret_cast<const std::byte*>(&mark),
                              reinterpret_cast<const std::byte*>(&mark) + 4);
  REQUIRE(at != bytes.end());
  *at ^= std::byte{1};
  put(path, bytes);
  const H5Reader reader = H5Reader::open(path, "fovea.features");
  const Error error = error_of([&] { reader.read<float>("features"); });
  CHECK(std::string(error.what()) == path + ": features: chunk at row 524 is damaged (fletcher32)");
  std::vector<float> rows(524 * 1000);
  CHECK_NOTHROW(reader.read_rows<float>("features", 0, 524, rows));
}

TEST_CASE("h5: no HDF5 file at all") {
  const TemporaryFolder folder;
  const std::string path = folder / "x.h5";
  const auto message = [&] { return error_of([&] { H5Reader::open(path, "fovea.images"); }); };
  CHECK(message().kind() == ErrorKind::kNoInput);
  CHECK(std::string(message().what()) == path + ": cannot open: No such file or directory");
  put(path, {});
  CHECK(std::string(message().what()) == path + ": not an HDF5 file: expected signature \\x89HDF, found 0 bytes");
  const auto text = [](const std::string& bytes) {
    const auto* data = reinterpret_cast<const std::byte*>(bytes.data());
    return std::vector<std::byte>(data, data + bytes.size());
  };
  put(path, text("id,label\na,1\n"));
  check_data_error(message(), path, "not an HDF5 file: expected signature \\x89HDF, found text");
  put(path, text("\xff\xd8\xff\xe0\x10JFIF........................"));
  check_data_error(message(), path, "found a JPEG image");
  CHECK(message().hint() != "");
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  check_data_error(message(), path, "found a directory");
}

TEST_CASE("h5: wrong schema, newer version, unfinished") {
  const TemporaryFolder folder;
  const std::string path = folder / "a.h5";
  for (const Kind& kind : kinds()) {
    CAPTURE(kind.schema);
    const std::string other = kind.schema == std::string("fovea.log") ? "fovea.images" : "fovea.log";
    kind.write(path);
    const Error wrong = error_of([&] { H5Reader::open(path, other); });
    CHECK(std::string(wrong.what()) == path + ": expected schema " + other + ", found " + kind.schema);
    CHECK(wrong.hint().find("made by") != std::string::npos);

    edit(path, [](hid_t file) { H5Adelete(file, "complete"); });
    CHECK(std::string(error_of([&] { kind.read(path); }).what()) == path + ": not finished by its writer");

    kind.write(path);
    edit(path, [](hid_t file) {
      const hid_t attribute = H5Aopen(file, "schema_version", H5P_DEFAULT);
      const int32_t version[2] = {2, 0};
      H5Awrite(attribute, H5T_NATIVE_INT32, version);
      H5Aclose(attribute);
    });
    const Error newer = error_of([&] { kind.read(path); });
    CHECK(std::string(newer.what()) == path + ": schema " + kind.schema + " 2.0, this program reads 1.x");
    CHECK(newer.hint().find("update") != std::string::npos);

    kind.write(path);
    edit(path, [](hid_t file) { H5Adelete(file, "schema"); });
    check_data_error(error_of([&] { kind.read(path); }), path, "without attribute schema");
  }
}

// A finished log file with one dataset replaced.
void replace(const std::string& path, const char* name, hid_t type, std::vector<hsize_t> extents,
             const hsize_t* chunk = nullptr, const void* values = nullptr) {
  edit(path, [&](hid_t file) {
    H5Ldelete(file, name, H5P_DEFAULT);
    const hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    if (chunk != nullptr) H5Pset_chunk(list, static_cast<int>(extents.size()), chunk);
    const hid_t space = H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr);
    const hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    REQUIRE(set >= 0);
    if (values != nullptr) REQUIRE(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(set);
    H5Sclose(space);
    H5Pclose(list);
  });
}

TEST_CASE("h5: missing dataset, wrong type, rank, extent") {
  const TemporaryFolder folder;
  const std::string path = folder / "a.h5";
  struct Case {
    const Kind& kind;
    const char* name;
    hid_t type;
    std::vector<hsize_t> extents;
    const char* message;
  };
  const Kind &images = kinds()[0], &checkpoint = kinds()[1], &log = kinds()[2], &captions = kinds()[3];
  const std::vector<Case> cases{
      {images, "size", H5T_STD_I64LE, {40, 2}, "size: expected int32 (N,2), found int64 (40,2)"},
      {images, "size", H5T_STD_I32LE, {40, 3}, "size: expected int32 (N,2), found int32 (40,3)"},
      {images, "size", H5T_STD_I32LE, {80}, "size: expected int32 (N,2), found int32 (80,)"},
      {images, "label", H5T_STD_I32LE, {41}, "label: expected int32 (N,) with N = 40, found int32 (41,)"},
      {images, "objects/box", H5T_IEEE_F64LE, {20, 5}, "objects/box: expected float32 (R,4), found float64 (20,5)"},
      {checkpoint, "model/fc/bias", H5T_IEEE_F64LE, {3}, "model/fc/bias: expected float32 (...,), found float64 (3,)"},
      {checkpoint, "training/rng", H5T_STD_U64LE, {3, 1}, "training/rng: expected uint64 (*,), found uint64 (3,1)"},
      {log, "step", H5T_STD_I32LE, {3}, "step: expected int64 (S,), found int32 (3,)"},
      {log, "lr", H5T_IEEE_F64LE, {2}, "lr: expected float64 (S,) with S = 3, found float64 (2,)"},
      {captions, "captions/tokens", H5T_STD_I64LE, {270}, "captions/tokens: expected int32 (T,), found int64 (270,)"},
      {captions, "gate", H5T_IEEE_F32LE, {99}, "gate: expected float32 (T,) with T = 270, found float32 (99,)"},
      {captions, "attention", H5T_IEEE_F32LE, {270}, "attention: expected float32 (T,L), found float32 (270,)"},
  };
  for (const Case& test : cases) {
    test.kind.write(path);
    const std::vector<double> zeros(300);  // as many as the largest of them has
    replace(path, test.name, test.type, test.extents, nullptr, zeros.data());
    const Error error = error_of([&] { test.kind.read(path); });
    CHECK(std::string(error.what()) == path + ": " + test.message);
    CHECK(error.kind() == ErrorKind::kData);
  }
  for (const auto& missing :
       {std::pair{&images, "id"}, {&checkpoint, "model/network"}, {&log, "step"}, {&captions, "vocabulary"}}) {
    const auto* kind = missing.first;
    const char* name = missing.second;
    kind->write(path);
    edit(path, [&](hid_t file) { H5Ldelete(file, name, H5P_DEFAULT); });
    check_data_error(error_of([&] { kind->read(path); }), path, std::string(name) + ": expected ");
  }
}

TEST_CASE("h5: an absurd extent is refused before memory is asked for") {
  const TemporaryFolder folder;
  const std::string path = folder / "a.h5";
  const hsize_t chunk[] = {1024};
  for (const hsize_t rows : {hsize_t{1} << 40, hsize_t{1} << 61}) {
    test::write_log(path);
    replace(path, "step", H5T_STD_I64LE, {rows}, chunk);
    const Error error = error_of([&] { H5Reader::open(path, "fovea.log"); });
    check_data_error(error, path, "step: extent needs ");
    if (rows == hsize_t{1} << 40) CHECK(contains(error, "needs 8.0 TiB, file holds "));
  }
}

TEST_CASE("h5: offsets that decrease, classes and labels out of range, NaN") {
  const TemporaryFolder folder;
  const std::string path = folder / "a.h5";
  const auto message = [&](const char* name, hid_t type, std::vector<hsize_t> extents, const void* values) {
    test::write_images(path, 40);
    replace(path, name, type, std::move(extents), nullptr, values);
    const std::string deep = error_of([&] { verify_file(path); }).what();
    const Error error = error_of([&] { ImagesReader reader(path); });
    CHECK(error.kind() == ErrorKind::kData);
    CHECK(std::string(error.what()) == deep);
    return std::string(error.what()).substr(path.size() + 2);
  };
  std::vector<int64_t> offsets(41, 20);
  offsets[0] = 0;
  offsets[17] = 12;
  CHECK(message("objects/offsets", H5T_STD_I64LE, {41}, offsets.data()) ==
        "objects/offsets[17]: expected >= 20, found 12");
  offsets[17] = 20;
  offsets[0] = 1;
  CHECK(message("objects/offsets", H5T_STD_I64LE, {41}, offsets.data()) == "objects/offsets[0]: expected 0, found 1");
  offsets[0] = 0;
  offsets[40] = 21;
  CHECK(message("objects/offsets", H5T_STD_I64LE, {41}, offsets.data()) ==
        "objects/offsets[40]: expected 20, found 21");
  std::vector<int32_t> labels(40, -1);
  labels[39] = 3;
  CHECK(message("label", H5T_STD_I32LE, {40}, labels.data()) == "label[39]: expected -1..2, found 3");
  labels[39] = -2;
  CHECK(message("label", H5T_STD_I32LE, {40}, labels.data()) == "label[39]: expected -1..2, found -2");
  std::vector<float> boxes(80, 1.0f);
  boxes[42] = std::numeric_limits<float>::quiet_NaN();
  CHECK(message("objects/box", H5T_IEEE_F32LE, {20, 4}, boxes.data()) == "objects/box[10,2]: not finite (nan)");
}

TEST_CASE("h5: captions whose offsets, tokens, ranks, weights or grid are wrong") {
  const TemporaryFolder folder;
  const std::string path = folder / "a.h5";
  const auto read_all = [&] { kinds()[3].read(path); };
  const auto message = [&](const char* name, hid_t type, std::vector<hsize_t> extents, const void* values) {
    test::write_captions(path, 6);  // 6 captions of 3 tokens
    replace(path, name, type, std::move(extents), nullptr, values);
    CHECK(error_of([&] { verify_file(path); }).kind() == ErrorKind::kData);
    const Error error = error_of(read_all);
    CHECK(error.kind() == ErrorKind::kData);
    return std::string(error.what()).substr(path.size() + 2);
  };
  const std::vector<int64_t> offsets{0, 0, 1, 3, 2, 4, 6};
  CHECK(message("captions/offsets", H5T_STD_I64LE, {7}, offsets.data()) ==
        "captions/offsets[4]: expected >= 3, found 2");
  const std::vector<int64_t> token_offsets{0, 3, 6, 9, 12, 15, 17};
  CHECK(message("tokens/offsets", H5T_STD_I64LE, {7}, token_offsets.data()) ==
        "tokens/offsets[6]: expected 18, found 17");
  std::vector<int32_t> tokens(18, 0);
  tokens[7] = 5;
  CHECK(message("captions/tokens", H5T_STD_I32LE, {18}, tokens.data()) == "captions/tokens[7]: expected 0..4, found 5");
  const std::vector<int32_t> ranks{0, 0, 1, 0, -1, 1};
  CHECK(message("captions/beam_rank", H5T_STD_I32LE, {6}, ranks.data()) ==
        "captions/beam_rank[4]: expected >= 0, found -1");
  std::vector<float> weights(18 * 6, 0.5F);
  weights[13] = std::numeric_limits<float>::infinity();
  const auto lost_grid = message("attention", H5T_IEEE_F32LE, {18, 6}, weights.data());
  CHECK(lost_grid == "attention: attribute grid: expected rows and columns, found nothing");
  test::write_captions(path, 6);
  edit(path, [&](hid_t file) {
    const hid_t set = H5Dopen2(file, "attention", H5P_DEFAULT);
    REQUIRE(H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, weights.data()) >= 0);
    H5Dclose(set);
  });
  CHECK(std::string(error_of(read_all).what()) == path + ": attention[2,1]: not finite (inf)");
  test::write_captions(path, 6);
  edit(path, [](hid_t file) {
    const hid_t set = H5Dopen2(file, "attention", H5P_DEFAULT);
    const hid_t grid = H5Aopen(set, "grid", H5P_DEFAULT);
    const int32_t wrong[2] = {3, 3};
    H5Awrite(grid, H5T_NATIVE_INT32, wrong);
    H5Aclose(grid);
    H5Dclose(set);
  });
  CHECK(std::string(error_of(read_all).what()) ==
        path + ": attention: attribute grid: expected rows x columns = 6, found 3 x 3");
}

TEST_CASE("h5: a write that fails leaves the old file and nothing else, with 74") {
  const TemporaryFolder folder;
  const std::string path = folder / "a.h5";
  for (const Kind& kind : kinds()) {
    CAPTURE(kind.schema);
    kind.write(path);
    const auto before = bytes_of(path);
    for (const int code : {ENOSPC, EIO}) {
      int64_t passed = 0;
      for (;; ++passed) {
        inject_write_fault(passed, code);
        const Error error = error_of([&] { kind.write(path); });
        inject_write_fault(-1, 0);
        if (error.kind() == ErrorKind::kInternal) break;  // no error: all writes passed
        REQUIRE(error.kind() == ErrorKind::kIo);
        CHECK(contains(error, path));
        CHECK(contains(error, code == ENOSPC ? "No space left on device" : "Input/output error"));
        CHECK((bytes_of(path) == before));
        CHECK(folder.entries() == 1);
      }
      CHECK(passed > 0);
    }
  }
}

}  // namespace
}  // namespace fovea::io
