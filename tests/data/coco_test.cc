#include "data/coco.h"

#include <doctest/doctest.h>

#include "base/memory.h"
#include "io/h5_fixtures.h"

namespace fovea::data {
namespace {

using test::error_of;

constexpr const char* kInstances = R"({"info": {"year": 2014, "images": [1, 2]}, "licenses": [{"id": 1}],
"images": [{"id": 9, "file_name": "a/b.jpg", "width": 20, "height": 10, "license": {"id": 3}}, {"file_name": "c.jpg", "id": "12"}],
"annotations": [{"id": 1, "image_id": 9, "category_id": 18, "bbox": [1, 2.5, 3, 4], "iscrowd": 1, "segmentation": [[1, 2], {"bbox": [0]}]},
  {"image_id": 12, "category_id": 3, "bbox": [0, 0, 1, 1], "area": 1}],
"categories": [{"id": 18, "name": "dog", "supercategory": "animal"}, {"id": 3, "name": "car"}]})";

std::string message(const std::string& text, bool results = false) {
  return error_of([&] {
           if (results)
             io::parse_coco_results(text, "a.json");
           else
             from_coco(io::parse_coco(text, "a.json"), "a.json");
         })
      .what();
}

TEST_CASE("coco: instances become inclusive boxes, classes by category id") {
  const AnnotationSet set = from_coco(io::parse_coco(kInstances, "a.json"), "a.json");
  CHECK(set.classes == std::vector<std::string>{"car", "dog"});
  REQUIRE(set.images.size() == 2);
  CHECK(set.images[0].id == "9");
  CHECK(set.images[0].path == "a/b.jpg");
  CHECK(set.images[0].width == 20);
  CHECK(set.images[1].id == "12");
  CHECK(set.images[1].height == 0);
  REQUIRE(set.images[0].objects.size() == 1);
  CHECK(set.images[0].objects[0] == AnnotatedObject{"dog", {1, 2.5F, 3, 5.5F}, true});
  CHECK(set.images[1].objects[0].box == Box{0, 0, 0, 0});
}

TEST_CASE("coco: written instances and results read back") {
  const AnnotationSet set = from_coco(io::parse_coco(kInstances, "a.json"), "a.json");
  const io::CocoFile file = io::parse_coco(io::coco_text(to_coco(set, {9, 12})), "b.json");
  const AnnotationSet back = from_coco(file, "b.json");
  CHECK(back.classes == set.classes);
  CHECK(back.images[0].id == "9");
  CHECK(back.images[0].objects == set.images[0].objects);
  CHECK(back.images[1].objects == set.images[1].objects);
  const io::CocoBox box{9, 2, to_coco_box({258.15F, 41.29F, 605.41F, 319.56F}), false, 0.236};
  const auto results = io::parse_coco_results(io::coco_results_text({box, box}), "r.json");
  REQUIRE(results.size() == 2);
  CHECK(results[1].score == 0.236);
  CHECK(results[1].bbox == box.bbox);
  CHECK(box.bbox[0] == 258.15);  // the decimal that the float stands for
  CHECK(io::parse_coco_results(io::coco_results_text({}), "r.json").empty());
}

TEST_CASE("coco: ids of images are their numbers, or positions") {
  CHECK(coco_image_ids({"000004", "17"}) == std::vector<int64_t>{4, 17});
  CHECK(coco_image_ids({"2007_000027", "17"}) == std::vector<int64_t>{1, 2});
  CHECK(coco_image_ids({"04", "4"}) == std::vector<int64_t>{1, 2});
  CHECK(coco_image_ids({"-4"}) == std::vector<int64_t>{1});
}

TEST_CASE("coco: wrong members are refused by name") {
  CHECK(message("[]") == "a.json: expected an object, found a list");
  CHECK(message("3") == "a.json: expected an object, found 3");
  CHECK(message("{}").find("expected COCO annotations") != std::string::npos);
  CHECK(message("{\"images\": 3}") == "a.json: images[0]: expected a list, found 3");
  CHECK(message("{\"images\": [3]}") == "a.json: images[0]: expected an object, found 3");
  CHECK(message("{\"images\": [{\"id\": 1.5}]}") == "a.json: images[0]: id: expected a whole number, found 1.5");
  CHECK(message("{\"images\": [{}]}") == "a.json: images[0]: id: expected a value, found nothing");
  const std::string head = "{\"annotations\": [{\"image_id\": 1, \"category_id\": 1, ";
  CHECK(message(head + "\"bbox\": [1, 2, 3]}]}") == "a.json: annotations[0]: bbox: expected 4 numbers, found 3");
  CHECK(message(head + "\"bbox\": [1, 2, 3, 4, 5]}]}") ==
        "a.json: annotations[0]: bbox: expected 4 numbers, found more");
  CHECK(message(head + "\"bbox\": [1, 2, 3, \"4\"]}]}") == "a.json: annotations[0]: bbox: expected numbers, found '4'");
  CHECK(message(head + "\"bbox\": [1, 2, [3], 4]}]}") ==
        "a.json: annotations[0]: bbox: expected numbers, found a list");
  CHECK(message(head + "\"bbox\": null}]}") == "a.json: annotations[0]: bbox: expected numbers, found null");
  CHECK(message(head + "\"bbox\": [0, 0, 1, 1]}]}") == "a.json: annotations[0]: expected the id of an image, found 1");
  CHECK(message("{\"categories\": [{\"id\": 1, \"name\": \"a\"}, {\"id\": 1, \"name\": \"b\"}]}").find("'b' again") !=
        std::string::npos);
  CHECK(message("{\"images\": [\n{\"id\": }]}") == "a.json:2:8: expected valid JSON, found '}]}'");
  CHECK(message("{\"images\": [").find("a.json:1:13: expected valid JSON, found the end") == 0);
  CHECK(message(std::string(100, '[')).find("a.json: expected an object") == 0);
  CHECK(message("{\"x\": " + std::string(100, '[')).find("at most 64 levels") != std::string::npos);
  CHECK(message("{}", true) == "a.json: expected a list of results, found an object");
  CHECK(message("[1]", true) == "a.json: results[0]: expected an object, found 1");
  CHECK(message("[{\"image_id\": 1, \"category_id\": 2, \"bbox\": [0, 0, 1, 1]}]", true) ==
        "a.json: results[0]: score: expected a value, found nothing");
  CHECK(message("{\"images\": [{\"id\": 1e999}]}").find("within float64") != std::string::npos);
}

TEST_CASE("coco: memory is bounded") {
  std::string text = "{\"categories\": [";
  for (int i = 0; i < 2000; ++i) text += "{\"id\": " + std::to_string(i) + ", \"name\": \"n\"},";
  text.back() = ']';
  set_max_memory(1 << 16);
  CHECK(message(text + "}").find("the limit is") != std::string::npos);
  set_max_memory(0);
}

}  // namespace
}  // namespace fovea::data
