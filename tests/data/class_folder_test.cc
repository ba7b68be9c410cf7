#include "data/class_folder.h"

#include "io/byte_fixtures.h"
#include "io/picture.h"

using namespace fovea;
using namespace fovea::data;
using namespace fovea::test;
namespace fs = std::filesystem;

namespace {

Bytes picture(int64_t height, int64_t width) {
  return io::encode_png({height, width, 1, std::vector<uint8_t>(static_cast<size_t>(height * width), 9)});
}

}  // namespace

TEST_CASE("class_folder: classes and pictures are sorted bytewise") {
  const TempFolder folder;
  for (const char* name : {"dog", "Cat", "empty", ".git"}) fs::create_directory(folder.file(name));
  save(folder.file("dog/b.png"), picture(3, 4));
  save(folder.file("dog/B.PNG"), picture(5, 6));
  save(folder.file("dog/notes.txt"), to_bytes("text"));
  save(folder.file("Cat/x.jpeg"), io::encode_jpeg({8, 8, 1, std::vector<uint8_t>(64, 9)}));
  save(folder.file("labels.csv"), to_bytes("beside"));
  const ClassFolder result = read_class_folder(folder.path(), true);
  CHECK(result.label_set == std::vector<std::string>{"Cat", "dog", "empty"});
  REQUIRE(result.items.size() == 3);
  CHECK(result.items[0].id == "Cat/x.jpeg");
  CHECK(result.items[1].id == "dog/B.PNG");
  CHECK(result.items[1].label == 1);
  CHECK(result.items[1].height == 5);
  CHECK(result.items[1].width == 6);
  CHECK(result.items[2].id == "dog/b.png");
  CHECK(result.empty == std::vector<std::string>{"empty"});
  CHECK(result.ignored == std::vector<std::string>{"dog/notes.txt"});
  CHECK(result.corrupt.empty());
}

TEST_CASE("class_folder: corrupt pictures are listed with the reason") {
  const TempFolder folder;
  fs::create_directory(folder.file("a"));
  save(folder.file("a/good.png"), picture(3, 4));
  save(folder.file("a/text.jpg"), to_bytes("no picture"));
  Bytes half = picture(30, 40);
  half.resize(half.size() - 20);  // the header is whole, the pixels are not
  save(folder.file("a/half.png"), half);
  const ClassFolder checked = read_class_folder(folder.path(), true);
  REQUIRE(checked.items.size() == 1);
  REQUIRE(checked.corrupt.size() == 2);
  CHECK(checked.corrupt[0].first == "a/half.png");
  CHECK(checked.corrupt[1].second.find("expected a JPEG or PNG") != std::string::npos);
  // Without the check only the header is read.
  CHECK(read_class_folder(folder.path(), false).items.size() == 2);
}

TEST_CASE("class_folder: nested folders, stray pictures, missing folders are errors") {
  const TempFolder folder;
  expect_error(ErrorKind::kData, "a folder for each class", [&] { read_class_folder(folder.path(), false); });
  fs::create_directories(folder.file("a/deeper"));
  expect_error(ErrorKind::kData, "the folder 'deeper'", [&] { read_class_folder(folder.path(), false); });
  fs::remove(folder.file("a/deeper"));
  save(folder.file("stray.jpg"), picture(3, 4));
  expect_error(ErrorKind::kData, "'stray.jpg' beside them", [&] { read_class_folder(folder.path(), false); });
  expect_error(ErrorKind::kData, "a file", [&] { read_class_folder(folder.file("stray.jpg"), false); });
  expect_error(ErrorKind::kNoInput, "cannot open", [&] { read_class_folder(folder.file("absent"), false); });
}
