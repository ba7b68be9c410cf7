#include "data/dataset.h"

#include <algorithm>

#include "base/parallel.h"
#include "io/byte_fixtures.h"
#include "io/h5_writer.h"
#include "io/images_file.h"

using namespace fovea;
using namespace fovea::data;
using namespace fovea::test;

namespace {

io::RootAttributes root() {
  io::RootAttributes attributes;
  attributes.tool = "test";
  attributes.parameters = "{}";
  attributes.command_line = "[]";
  return attributes;
}

std::vector<uint8_t> as_bytes(const Bytes& bytes) {
  const auto* first = reinterpret_cast<const uint8_t*>(bytes.data());
  return {first, first + bytes.size()};
}

// Six pictures of 2 x 3 grey pixels, label i % 3, split "test" for odd ones.
void write_raw(const std::string& path, int32_t label_offset = 0) {
  io::ImagesLayout layout;
  layout.storage = io::PixelStorage::kRaw;
  layout.height = 2;
  layout.width = 3;
  layout.channels = 1;
  layout.labels = layout.splits = true;
  layout.label_set = {"a", "b", "c"};
  io::ImagesWriter writer(path, root(), layout);
  for (int i = 0; i < 6; ++i) {
    const std::vector<uint8_t> pixels(6, static_cast<uint8_t>(10 * i));
    io::ImageRecord record;
    record.id = "image" + std::to_string(i);
    record.split = i % 2 == 0 ? "train" : "test";
    record.height = 2;
    record.width = 3;
    record.label = i % 3 + label_offset;
    record.pixels = pixels;
    writer.add(record);
  }
  writer.finish();
}

// Pictures of different sizes as PNG; the one at `broken` is cut off.
void write_encoded(const std::string& path, int count, int broken) {
  io::ImagesLayout layout;
  layout.storage = io::PixelStorage::kEncoded;
  layout.labels = true;
  layout.label_set = {"a"};
  io::ImagesWriter writer(path, root(), layout);
  for (int i = 0; i < count; ++i) {
    const io::Picture picture{4 + i, 5, 3,
                              std::vector<uint8_t>(static_cast<size_t>((4 + i) * 15), static_cast<uint8_t>(i))};
    std::vector<uint8_t> encoded = as_bytes(io::encode_png(picture));
    if (i == broken) encoded.resize(encoded.size() / 2);
    io::ImageRecord record;
    record.id = "p" + std::to_string(i);
    record.height = 4 + i;
    record.width = 5;
    record.label = 0;
    record.encoded = encoded;
    writer.add(record);
  }
  writer.finish();
}

}  // namespace

TEST_CASE("dataset: raw pixels, labels, ids, splits and limits") {
  const TempFolder folder;
  const std::string path = folder.file("set.h5");
  write_raw(path);
  const ImageSource all = ImageSource::open(path);
  CHECK(all.size() == 6);
  CHECK(all.label_set() == std::vector<std::string>{"a", "b", "c"});
  CHECK(all.label(4) == 1);
  CHECK(all.id(4) == "image4");
  CHECK(all.equal_size());
  CHECK(all.height() == 2);
  CHECK(all.width() == 3);
  CHECK(all.channels() == 1);
  CHECK(all.pixels(4).bytes[0] == 40);
  CHECK(all.name() == "set.h5");
  CHECK(all.content_hash().size() == 32);
  CHECK(all.schema() == "fovea.images");
  const ImageSource test = ImageSource::open(path, {.split = "test", .limit = 2});
  CHECK(test.size() == 2);
  CHECK(test.id(1) == "image3");
  CHECK(test.pixels(1).bytes[5] == 30);
  CHECK(test.content_hash() == all.content_hash());
  expect_error(ErrorKind::kUsage, "no split 'val': the file has test, train",
               [&] { ImageSource::open(path, {.split = "val"}); });
}

TEST_CASE("dataset: labels are required when asked for") {
  const TempFolder folder;
  const std::string path = folder.file("set.h5");
  write_raw(path, -1);  // labels -1, 0, 1
  expect_error(ErrorKind::kData, "label[0]: expected 0..2, found -1", [&] { ImageSource::open(path); });
  const ImageSource source = ImageSource::open(path, {.require_labels = false});
  CHECK(source.label(0) == -1);
}

TEST_CASE("dataset: encoded pictures are decoded on demand, cached or not") {
  const TempFolder folder;
  const std::string path = folder.file("set.h5");
  write_encoded(path, 5, -1);
  for (const int64_t cache : {int64_t{0}, int64_t{130}, int64_t{1} << 20}) {
    const ImageSource source = ImageSource::open(path, {.cache_bytes = cache});
    CHECK_FALSE(source.equal_size());
    CHECK(source.channels() == 3);
    CHECK(source.size_of(3) == std::pair<int64_t, int64_t>{7, 5});
    for (int round = 0; round < 2; ++round) {
      parallel_tasks(5, [&](int64_t i) {
        const PixelView view = source.pixels(i);
        if (view.height != 4 + i || view.bytes[0] != i) fail(ErrorKind::kInternal, "wrong picture {}", i);
      });
    }
    PixelView view = source.pixels(2);
    CHECK(view.owner != nullptr);
    CHECK(view.bytes[6 * 15 - 1] == 2);
  }
}

TEST_CASE("dataset: a corrupt picture is named, or dropped when asked") {
  const TempFolder folder;
  const std::string path = folder.file("set.h5");
  write_encoded(path, 5, 3);
  ImageSource source = ImageSource::open(path);
  CHECK_NOTHROW(source.pixels(2));
  expect_error(ErrorKind::kData, "set.h5: image p3: truncated PNG", [&] { source.pixels(3); });
  const auto dropped = source.drop_bad_pictures();
  REQUIRE(dropped.size() == 1);
  CHECK(dropped[0].find("p3") != std::string::npos);
  CHECK(source.size() == 4);
  CHECK(source.id(3) == "p4");
}

TEST_CASE("dataset: pixels in memory and picture files") {
  PixelSet set{
      .count = 2, .height = 1, .width = 2, .channels = 1, .pixels = {1, 2, 3, 4}, .labels = {5, 6}, .label_set = {}};
  ImageSource memory = ImageSource::from_pixels(set, "generated");
  CHECK(memory.name() == "generated");
  CHECK(memory.label(1) == 6);
  CHECK(memory.pixels(1).bytes[0] == 3);
  memory.keep({1});
  CHECK(memory.size() == 1);
  CHECK(memory.id(0) == "1");
  set.labels[0] = 4;
  CHECK(ImageSource::from_pixels(set).content_hash() != memory.content_hash());

  const TempFolder folder;
  save(folder.file("a.png"), io::encode_png({1, 2, 1, {7, 8}}));
  const ImageSource files = ImageSource::from_files({folder.file("a.png")});
  CHECK(files.size() == 1);
  CHECK(files.label(0) == -1);
  CHECK(files.pixels(0).bytes[1] == 8);
  CHECK(files.size_of(0) == std::pair<int64_t, int64_t>{1, 2});
  save(folder.file("b.png"), to_bytes("text"));
  expect_error(ErrorKind::kData, "b.png: expected a JPEG or PNG",
               [&] { ImageSource::from_files({folder.file("b.png")}); });
  expect_error(ErrorKind::kNoInput, "c.png", [&] { ImageSource::from_files({folder.file("c.png")}); });
}

TEST_CASE("dataset: adversarial float pictures keep their exact values") {
  const TempFolder folder;
  const std::string path = folder.file("adversarial.h5");
  io::RootAttributes attributes = root();
  attributes.schema = "fovea.adversarial";
  {
    io::H5Writer writer(path, attributes);
    const int64_t shape[] = {2, 1, 2, 1}, rows[] = {2};
    const std::vector<float> original = {0, 0.25F, 0.5F, 1}, changed = {0.001F, 0.25F, 0.5F, 0.999F};
    const std::vector<int32_t> labels = {1, 0};
    const std::vector<float> numbers = {0.5F, 0.5F};
    writer.write_strings("id", {"x", "y"}, "image");
    writer.write<int32_t>("label", rows, labels, "image");
    writer.write<float>("original", shape, original, "image,y,x,channel");
    writer.write<float>("adversarial", shape, changed, "image,y,x,channel");
    for (const char* name : {"prediction_before", "prediction_after"})
      writer.write<int32_t>(name, rows, labels, "image");
    for (const char* name : {"confidence_before", "confidence_after", "linf", "l2"}) {
      writer.write<float>(name, rows, numbers, "image");
    }
    writer.set_attribute("/", "attack", "fgsm");
    writer.set_attribute("/", "epsilon", 0.001);
    writer.set_attribute("/", "norm", "linf");
    writer.set_attribute("/", "value_range", std::vector<int32_t>{0, 1});
    writer.set_attribute("/", "victim_hash", "0123456789abcdef0123456789abcdef");
    writer.finish();
  }
  const ImageSource source = ImageSource::open(path);
  CHECK(source.schema() == "fovea.adversarial");
  CHECK(source.label(0) == 1);
  const PixelView view = source.pixels(0);
  REQUIRE(view.floats != nullptr);
  CHECK(view.bytes == nullptr);
  CHECK(view.floats[0] == doctest::Approx(0.255));
  CHECK(source.pixels(1).floats[1] == doctest::Approx(0.999 * 255));
}

TEST_CASE("dataset: preprocess is checked") {
  const Preprocess good{.height = 8, .width = 8, .channels = 3};
  CHECK_NOTHROW(check_preprocess(good));
  const auto broken = [&](auto change, std::string_view part) {
    Preprocess preprocess = good;
    change(preprocess);
    expect_error(ErrorKind::kUsage, part, [&] { check_preprocess(preprocess); });
  };
  broken([](Preprocess& p) { p.height = 0; }, "height");
  broken([](Preprocess& p) { p.channels = 2; }, "1 or 3 channels");
  broken([](Preprocess& p) { p.mean = {1, 2}; }, "one mean and std");
  broken([](Preprocess& p) { p.stddev = {0}; }, "std > 0");
  broken([](Preprocess& p) { p.resize_side = 7; }, "resize side of at least 8");
  broken([](Preprocess& p) { p.threshold = 256; }, "threshold");
}
