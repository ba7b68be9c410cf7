#include "data/voc.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "data/voc_results.h"
#include "io/h5_fixtures.h"

namespace fovea::data {
namespace {

using test::error_of;

constexpr const char* kXml = R"(<annotation>
  <filename>000012</filename>
  <size><width>500</width><height>333</height><depth>3</depth></size>
  <object>
    <part><name>head</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></part>
    <name>person</name>
    <bndbox><xmax>351.5</xmax><xmin>156</xmin><ymax>270</ymax><ymin>97.25</ymin></bndbox>
  </object>
  <object>
    <name>car</name><pose>Left</pose><truncated>1</truncated><difficult>1</difficult><occluded>1</occluded>
    <bndbox><xmin>1</xmin><ymin>1</ymin><xmax>1</xmax><ymax>1</ymax></bndbox>
  </object>
</annotation>
)";

void put(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path) << text;
}

TEST_CASE("voc: flags may be missing, parts are ignored, corners come in any order") {
  const AnnotatedImage image = parse_voc_xml(kXml, "a.xml");
  CHECK(image.id == "000012");
  CHECK(image.width == 500);
  CHECK(image.height == 333);
  REQUIRE(image.objects.size() == 2);
  CHECK(image.objects[0] == AnnotatedObject{"person", {155, 96.25F, 350.5F, 269}});
  CHECK(image.objects[1] == AnnotatedObject{"car", {0, 0, 0, 0}, true, true, true, "Left"});
}

TEST_CASE("voc: ILSVRC counts pixels from 0 and may have no objects") {
  CHECK(parse_voc_xml(kXml, "a.xml", VocFlavor::kIlsvrc).objects[0].box == Box{156, 97.25F, 351.5F, 270});
  const AnnotatedImage empty = parse_voc_xml("<annotation><filename>b.JPEG</filename></annotation>", "b.xml");
  CHECK(empty.id == "b");
  CHECK(empty.objects.empty());
  CHECK(empty.width == 0);
}

TEST_CASE("voc: written annotations read back") {
  AnnotatedImage image = parse_voc_xml(kXml, "a.xml");
  image.objects[0].class_name = "a<b";
  image.objects[0].pose = "Unspecified";
  for (const VocFlavor flavor : {VocFlavor::kVoc, VocFlavor::kIlsvrc}) {
    const AnnotatedImage back = parse_voc_xml(voc_xml(image, "set & co", flavor), "b.xml", flavor);
    CHECK(back.id == image.id);
    CHECK(back.objects == image.objects);
  }
  image.objects[0].box.x1 = 0.1F;  // 1.1 in decimal; the float comes back exactly
  CHECK(parse_voc_xml(voc_xml(image, "x"), "b.xml").objects[0].box.x1 == 0.1F);
}

TEST_CASE("voc: wrong annotations are refused with their place") {
  const auto message = [](const std::string& text) {
    return std::string(error_of([&] { parse_voc_xml(text, "a.xml"); }).what());
  };
  CHECK(message("<html/>") == "a.xml:1:2: expected <annotation>, found <html>");
  CHECK(message("<annotation>\n<object/></annotation>") == "a.xml:2:2: expected <name> in <object>, found none");
  const std::string head = "<annotation>\n<object><name>x</name>";
  CHECK(message(head + "</object></annotation>") == "a.xml:2:2: expected <bndbox> in <object>, found none");
  CHECK(message(head + "<bndbox><xmin>nan</xmin></bndbox></object></annotation>") ==
        "a.xml:2:32: xmin: expected a number, found 'nan'");
}

TEST_CASE("annotations: boxes are clipped, or dropped where no pixel is left") {
  AnnotatedImage image{
      "i", "", "",
      10,  8,  {{"in", {0, 0, 9, 7}}, {"out", {10, 0, 12, 5}}, {"over", {-1, 2, 9.5F, 9}}, {"thin", {5, 5, 4, 6}}}};
  const BoxRepairs repairs = repair_boxes(image);
  CHECK(repairs.clipped == 1);
  CHECK(repairs.dropped == 2);
  CHECK(repairs.first == "image i: out 10 0 12 5");
  REQUIRE(image.objects.size() == 2);
  CHECK(image.objects[0].box == Box{0, 0, 9, 7});
  CHECK(image.objects[1].box == Box{0, 2, 9, 7});
}

TEST_CASE("annotations: names that leave their folder are refused") {
  for (const char* name : {"", ".", "..", "a/b", "a b", "a\n"}) CHECK_THROWS(require_file_name(name, "x"));
  CHECK_NOTHROW(require_file_name("2007_000027", "x"));
  for (const char* path : {"", "/etc/x", "../x", "a/../../x"}) CHECK_THROWS(require_relative_path(path, "x"));
  CHECK_NOTHROW(require_relative_path("val/a..b.jpg", "x"));
}

TEST_CASE("voc: image lists have ids and perhaps numbers") {
  const auto list = parse_image_list("a\n\nb -1\r\nc  1\n", "l.txt");
  REQUIRE(list.size() == 3);
  CHECK(!list[0].value.has_value());
  CHECK(list[1].id == "b");
  CHECK(list[1].value == -1);
  CHECK(std::string(error_of([] { parse_image_list("a\na\n", "l.txt"); }).what()) ==
        "l.txt:2: expected each id once, found 'a' again");
  CHECK_THROWS(parse_image_list("a x\n", "l.txt"));
  CHECK_THROWS(parse_image_list("a 1 2\n", "l.txt"));
  const std::vector<AnnotatedImage> images{
      {"p", "", "", 0, 0, {{"car", {}}, {"car", {}, true}}}, {"q", "", "", 0, 0, {{"car", {}, true}}}, {"r"}};
  CHECK(class_list_text(images, "car") == "p  1\nq  0\nr -1\n");
}

TEST_CASE("voc: a tree is read with the shortest list of an image as its split") {
  const TemporaryFolder folder;
  const std::string year = folder / "VOC2007";
  for (const char* id : {"a", "b", "c"}) put(year + "/Annotations/" + id + ".xml", kXml);
  put(year + "/JPEGImages/a.jpg", "x");
  put(year + "/JPEGImages/b.JPEG", "x");
  put(year + "/ImageSets/Main/train.txt", "a\n");
  put(year + "/ImageSets/Main/trainval.txt", "a\nb\n");
  put(year + "/ImageSets/Main/car_train.txt", "a -1\n");
  const auto trees = find_voc_folders(folder.path());
  REQUIRE(trees.size() == 1);
  const VocTree all = read_voc_tree(trees[0]);
  REQUIRE(all.images.size() == 3);
  CHECK(all.images[0].id == "a");
  CHECK(all.images[0].split == "train");
  CHECK(all.images[1].split == "trainval");
  CHECK(all.images[2].split == "");
  CHECK(all.images[0].path == year + "/JPEGImages/a.jpg");
  CHECK(all.images[1].path == year + "/JPEGImages/b.JPEG");
  CHECK(all.images[2].path == "");
  CHECK(read_voc_tree(trees[0], {"trainval"}).images[0].split == "trainval");
  put(folder / "more.txt", "a 1\nz 2\nc -1\n");
  const VocTree listed = read_voc_tree(trees[0], {folder / "more.txt"});
  REQUIRE(listed.images.size() == 2);
  CHECK(listed.images[0].split == "more");
  CHECK(listed.without_annotation == std::vector<std::string>{"z"});
  const Error error = error_of([&] { read_voc_tree(trees[0], {"tran"}); });
  CHECK(error.kind() == ErrorKind::kUsage);
  CHECK(error.hint() == "did you mean 'train'?");
  put(folder / "evil.txt", "../../etc/passwd\n");
  CHECK(error_of([&] { read_voc_tree(trees[0], {folder / "evil.txt"}); }).kind() == ErrorKind::kData);
}

TEST_CASE("voc: flat folders are read, others refused") {
  const TemporaryFolder folder;
  CHECK(error_of([&] { find_voc_folders(folder.path()); }).kind() == ErrorKind::kData);
  CHECK(error_of([&] { find_voc_folders(folder / "none"); }).kind() == ErrorKind::kNoInput);
  put(folder / "a.xml", kXml);
  put(folder / "000012", "x");
  const VocTree tree = read_voc_tree(find_voc_folders(folder.path())[0]);
  CHECK(tree.images[0].id == "a");
  CHECK(tree.images[0].path == folder / "000012");  // by the annotation's file name
}

TEST_CASE("voc_results: lines read back, and count from 1") {
  const auto results = parse_voc_results("2007_000061 0.661765 202.000000 220.5 243 236\n\n", "r.txt");
  REQUIRE(results.size() == 1);
  CHECK(results[0].image_id == "2007_000061");
  CHECK(results[0].box == Box{201, 219.5F, 242, 235});
  CHECK(voc_result_line(results[0]) == "2007_000061 0.661765 202 220.5 243 236\n");
  CHECK(std::string(error_of([] { parse_voc_results("a 1 2\n", "r.txt"); }).what()) ==
        "r.txt:1: expected 'id score x1 y1 x2 y2', found 3 words");
  CHECK_THROWS(parse_voc_results("a inf 1 1 2 2\n", "r.txt"));
  CHECK_THROWS(parse_voc_results("a 1 1 1 1e300 2\n", "r.txt"));
}

TEST_CASE("voc_results: file names tell set and class") {
  const VocResultName name = parse_voc_result_name("d/comp4_det_my_set_car.txt", {});
  CHECK(name.set == "my_set");
  CHECK(name.class_name == "car");
  CHECK(parse_voc_result_name("comp4_det_test_traffic_light.txt", {"light", "traffic_light"}).class_name ==
        "traffic_light");
  CHECK(parse_voc_result_name(voc_result_name("val", "dog"), {"dog"}).set == "val");
  CHECK_THROWS(parse_voc_result_name("comp4_det_test_car.txt", {"dog"}));
  for (const char* bad : {"car.txt", "comp4_det_.txt", "comp4_det_car.txt", "comp4_det__car", "comp4_det_test_.txt"}) {
    CAPTURE(bad);
    CHECK_THROWS(parse_voc_result_name(bad, {}));
  }
}

TEST_CASE("voc_results: ILSVRC lines count images and classes from 1, pixels from 0") {
  const auto results = parse_ilsvrc_results("3 200 -0.5 0 1 10.25 20\n", "r.txt");
  REQUIRE(results.size() == 1);
  CHECK(results[0].image_index == 3);
  CHECK(results[0].box == Box{0, 1, 10.25F, 20});
  CHECK(ilsvrc_result_line(results[0]) == "3 200 -0.5 0 1 10.25 20\n");
  CHECK_THROWS(parse_ilsvrc_results("0 1 1 1 1 1 1\n", "r.txt"));
  CHECK_THROWS(parse_ilsvrc_results("1.5 1 1 1 1 1 1\n", "r.txt"));
}

}  // namespace
}  // namespace fovea::data
