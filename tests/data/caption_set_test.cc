#include "data/caption_set.h"

#include <doctest/doctest.h>

#include "io/h5_fixtures.h"

namespace fovea::data {
namespace {

using test::error_of;

TEST_CASE("caption_set: captions, splits and named boxes of an image set") {
  const TemporaryFolder folder;
  const std::string hash = test::write_images(folder / "set.h5", 8);
  const CaptionSet set = read_caption_set(folder / "set.h5");
  CHECK(set.content_hash == hash);
  CHECK(set.count() == 8);
  CHECK(set.find("image9") == 3);
  CHECK(set.find("image10") == -1);
  CHECK(set.captions_of(1).empty());
  CHECK(set.captions_of(2)[1] == "caption 2");
  CHECK(set.images_of("test") == std::vector<int64_t>{0, 4});
  CHECK(set.images_of("all").size() == 8);
  REQUIRE(set.boxes[4].size() == 1);
  CHECK(set.boxes[4][0].name == "square");
  CHECK(set.boxes[4][0].box.x2 == 3);
  const Error error = error_of([&] { set.images_of("val"); });
  CHECK(error.kind() == ErrorKind::kData);
  CHECK(std::string(error.what()).find("images of 'val', found test, train") != std::string::npos);
}

TEST_CASE("caption_set: a set without captions, and one with bytes that are no UTF-8") {
  const TemporaryFolder folder;
  const auto write = [&](bool captions) {
    io::ImagesLayout layout;
    layout.captions = captions;
    io::ImagesWriter writer(folder / "a.h5", test::root_attributes(), layout);
    io::ImageRecord record;
    record.id = "a";
    record.captions = {"fine", "bad \xff"};
    writer.add(record);
    writer.finish();
    return error_of([&] { read_caption_set(folder / "a.h5"); });
  };
  CHECK(std::string(write(false).what()).find("captions/text: expected captions, found nothing") != std::string::npos);
  CHECK(std::string(write(true).what()).find("captions/text[1]: expected UTF-8") != std::string::npos);
}

}  // namespace
}  // namespace fovea::data
