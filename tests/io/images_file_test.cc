#include "io/images_file.h"

#include <doctest/doctest.h>

#include "io/h5_fixtures.h"
#include "io/h5_reader.h"

namespace fovea::io {
namespace {

using test::error_of;
using test::root_attributes;

TEST_CASE("images_file: a set with all parts comes back") {
  const TemporaryFolder folder;
  const std::string hash = test::write_images(folder / "set.h5", 20);
  const ImagesReader reader(folder / "set.h5");
  CHECK(reader.attributes().content_hash == hash);
  CHECK(reader.count() == 20);
  CHECK(reader.storage() == PixelStorage::kRaw);
  CHECK(reader.height() == 8);
  CHECK(reader.channels() == 3);
  const ImageSet& set = reader.set();
  CHECK(set.ids[3] == "image9");
  CHECK(set.paths[3] == "image9.png");
  CHECK(set.splits[4] == "test");
  CHECK(set.root_hint == "images");
  CHECK(set.labels[4] == -1);
  CHECK(set.labels[3] == 2);
  CHECK(set.label_set == std::vector<std::string>{"circle", "square", "triangle"});
  CHECK(set.sizes[1] == 8);
  CHECK(set.object_offsets[3] == 2);
  CHECK(set.object_boxes[7] == 2);
  CHECK(set.object_classes[1] == 2);
  CHECK(set.object_difficult[0] == 1);
  CHECK(set.caption_offsets[1] == 2);
  CHECK(set.captions[1] == "caption 0");
  std::vector<uint8_t> two(2 * 192);
  reader.read_pixels(5, 7, two);
  const std::vector<uint8_t> all = reader.read_all_pixels();
  CHECK(std::vector<uint8_t>(all.begin() + 5 * 192, all.begin() + 7 * 192) == two);
  CHECK(all[5 * 192 + 2] == static_cast<uint8_t>(5 * 31 + 4));
  std::vector<float> floats(192);
  reader.read_pixels(5, 6, std::span<float>(floats));
  CHECK(floats[2] == static_cast<float>(all[5 * 192 + 2]));
}

TEST_CASE("images_file: encoded images are read one by one") {
  const TemporaryFolder folder;
  ImagesLayout layout;
  layout.storage = PixelStorage::kEncoded;
  {
    ImagesWriter writer(folder / "set.h5", root_attributes(), layout);
    for (int i = 0; i < 300; ++i) {
      const std::vector<uint8_t> bytes(static_cast<size_t>(i * 7 % 5000), static_cast<uint8_t>(i));
      ImageRecord record;
      record.id = std::to_string(i);
      record.encoded = bytes;
      writer.add(record);
    }
    writer.finish();
  }
  const ImagesReader reader(folder / "set.h5");
  CHECK(reader.storage() == PixelStorage::kEncoded);
  CHECK(reader.read_encoded(0).empty());
  CHECK(reader.read_encoded(299) == std::vector<uint8_t>(299 * 7 % 5000, 299 % 256));
  CHECK(reader.set().labels.empty());
  const Error error = error_of([&] { reader.read_all_pixels(); });
  CHECK(std::string(error.what()) == folder / "set.h5" + ": expected uint8 pixels, found encoded images");
}

TEST_CASE("images_file: an adversarial file opens as a labelled set") {
  const TemporaryFolder folder;
  RootAttributes root = root_attributes();
  root.schema = "fovea.adversarial";
  {
    H5Writer writer(folder / "a.h5", root);
    writer.write_strings("id", {"x", "y"}, "image");
    writer.write<int32_t>("label", std::array<int64_t, 1>{2}, std::vector<int32_t>{3, 1}, "image");
    writer.write<float>("adversarial", std::array<int64_t, 4>{2, 2, 1, 1}, std::vector<float>{0, 1, 0.5, 0.25},
                        "image,y,x,channel");
    writer.finish();
  }
  const ImagesReader reader(folder / "a.h5");
  CHECK(reader.storage() == PixelStorage::kFloat);
  CHECK(reader.set().labels == std::vector<int32_t>{3, 1});
  CHECK(reader.set().sizes == std::vector<int32_t>{2, 1, 2, 1});
  CHECK(reader.read_all_float_pixels() == std::vector<float>{0, 255, 127.5, 63.75});
  CHECK(error_of([&] { reader.read_all_pixels(); }).kind() == ErrorKind::kData);
}

TEST_CASE("images_file: the writer refuses repeated names and labels outside the set") {
  const TemporaryFolder folder;
  ImagesLayout layout;
  layout.labels = true;
  layout.label_set = {"a", "b"};
  ImagesWriter writer(folder / "set.h5", root_attributes(), layout);
  ImageRecord record;
  record.id = "one";
  record.label = 1;
  writer.add(record);
  CHECK(std::string(error_of([&] { writer.add(record); }).what()).find("id[1]: expected unique names") !=
        std::string::npos);
  record.id = "two";
  record.label = 2;
  CHECK(std::string(error_of([&] { writer.add(record); }).what()).find("label[1]: expected -1..1, found 2") !=
        std::string::npos);
}

TEST_CASE("images_file: an empty set is a file too") {
  const TemporaryFolder folder;
  test::write_images(folder / "set.h5", 0);
  const ImagesReader reader(folder / "set.h5");
  CHECK(reader.count() == 0);
  CHECK(reader.height() == 8);
  CHECK(reader.read_all_pixels().empty());
}

}  // namespace
}  // namespace fovea::io
