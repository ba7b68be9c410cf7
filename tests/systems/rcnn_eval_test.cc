// What rcnn-detect eval and rcnn-propose eval measure against, and their tables.
#include <doctest/doctest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "io/h5_fixtures.h"
#include "io/images_file.h"
#include "systems/rcnn/eval_report.h"
#include "systems/rcnn/eval_truth.h"

using namespace fovea;
using namespace fovea::rcnn;

namespace {

struct Image {
  std::string id, split;
  std::vector<io::ImageObject> objects;
};

void write_set(const std::string& path, const std::vector<Image>& images, bool objects = true) {
  io::ImagesLayout layout;
  layout.objects = layout.difficult = objects;
  layout.splits = true;
  layout.label_set = {"cat", "dog"};
  io::ImagesWriter writer(path, test::root_attributes(), layout);
  for (const Image& image : images) {
    io::ImageRecord record;
    record.id = image.id;
    record.split = image.split;
    record.height = record.width = 100;
    record.objects = image.objects;
    writer.add(record);
  }
  writer.finish();
}

// Three test images, one of training.
void write_example(const std::string& path) {
  write_set(path, {{"a", "test", {{0, 0, 9, 9, 0, false}, {20, 0, 29, 9, 1, true}}},
                   {"b", "train", {{0, 0, 9, 9, 0, false}}},
                   {"c", "test", {}},
                   {"7", "test", {{5, 5, 9, 9, 1, false}}}});
}

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kData);
    return error.what();
  }
  return "no error";
}

size_t column_of(const eval::Table& table, const std::string& name) {
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].name == name) return i;
  }
  FAIL(name);
  return 0;
}

}  // namespace

TEST_CASE("EvalTruth: holds the objects of one split") {
  const TemporaryFolder folder;
  write_example(folder / "set.h5");
  const EvalTruth truth(folder / "set.h5", "test");
  CHECK(truth.images() == 3);
  CHECK(truth.objects().size() == 3);
  CHECK(truth.id(2) == "7");
  CHECK(truth.objects_of(0)[1].difficult);
  CHECK(truth.objects_of(2)[0].box == Box{5, 5, 9, 9});
  CHECK(truth.objects_of(2)[0].image == 2);
  CHECK(EvalTruth(folder / "set.h5", "").images() == 4);
}

TEST_CASE("EvalTruth: unknown splits, images and classes are named") {
  const TemporaryFolder folder;
  write_example(folder / "set.h5");
  const EvalTruth truth(folder / "set.h5", "test");
  CHECK(truth.find_image("c", "p").value() == 1);
  CHECK(!truth.find_image("b", "p"));
  CHECK(message_of([&] { truth.find_image("zz", "d.h5: image_id[4]"); }) ==
        "d.h5: image_id[4]: expected an image of set.h5, found 'zz'");
  CHECK(truth.find_class("dog", "p") == 1);
  CHECK(message_of([&] { truth.find_class("dgo", "p"); }) == "p: expected a class of set.h5, found 'dgo'");
  CHECK(message_of([&] {
          EvalTruth(folder / "set.h5", "val");
        }).ends_with("expected images of 'val', found test, train"));
  write_set(folder / "plain.h5", {{"a", "test", {}}}, false);
  CHECK(message_of([&] {
          EvalTruth(folder / "plain.h5", "");
        }).ends_with("objects: expected boxes of objects, found none"));
}

TEST_CASE("EvalTruth: a blacklist names images by id, else by place in the file") {
  const TemporaryFolder folder;
  write_example(folder / "set.h5");
  const EvalTruth truth(folder / "set.h5", "test");
  write_file(folder / "list", "a cat\r\n\n3\tdog\n2 cat\n7 dog\n");
  const std::set<std::pair<int64_t, int32_t>> expected = {{0, 0}, {1, 1}, {2, 1}};  // 2 is b, of another split
  CHECK(truth.read_blacklist(folder / "list") == expected);
  for (const char* bad : {"a\n", "a cat dog\n", "5 cat\n", "0 cat\n", "a bird\n"}) {
    CAPTURE(bad);
    write_file(folder / "bad", std::string("a cat\n") + bad);
    CHECK(message_of([&] { truth.read_blacklist(folder / "bad"); }).starts_with(folder / "bad:2: expected "));
  }
}

TEST_CASE("ListedImages: counts what is of the split; a file without any of it is an error") {
  const TemporaryFolder folder;
  write_example(folder / "set.h5");
  const EvalTruth truth(folder / "set.h5", "test");
  ListedImages listed(truth, "d.h5");
  CHECK(!listed.add("b"));
  CHECK(message_of([&] { listed.report(true); }).starts_with("d.h5: image_id: expected images of the measured split"));
  CHECK(listed.add("7").value() == 2);
  CHECK_NOTHROW(listed.report(true));
  CHECK(listed.measured(true) == 1);
  CHECK(listed.measured(false) == 3);
  CHECK(listed.is_measured(2, true));
  CHECK(!listed.is_measured(0, true));
  CHECK(listed.is_measured(0, false));
  CHECK(message_of([&] { listed.add("zz"); }).starts_with("d.h5: image_id[2]: "));
}

TEST_CASE("measure_detections: summary and class tables leave classes without objects out of the mean") {
  const std::vector<eval::TrueObject> objects = {{{0, 0, 9, 9}, 0, 0, false, false, {}},
                                                 {{0, 0, 9, 9}, 0, 1, false, false, {}}};
  const std::vector<eval::ScoredBox> boxes = {{{0, 0, 9, 9}, 0, 0, 0.9}, {{50, 50, 59, 59}, 1, 0, 0.8}};
  for (const auto rule : {eval::MatchRule::kVoc, eval::MatchRule::kCoco}) {
    const auto report = measure_detections({"cat", "dog"}, {"a", "b"}, 2, objects, boxes, {rule, 0.5});
    CHECK(report.classes_without_objects() == std::vector<std::string>{"dog"});
    const eval::Table summary = summary_table(report);
    REQUIRE(summary.rows.size() == 1);
    for (const auto& name : summary_names(rule)) column_of(summary, name);
    CHECK(std::get<double>(summary.rows[0][column_of(summary, "map")]) == doctest::Approx(0.5));
    CHECK(std::get<double>(summary.rows[0][column_of(summary, "map_11")]) == doctest::Approx(6.0 / 11));
    CHECK(std::get<int64_t>(summary.rows[0][column_of(summary, "classes")]) == 1);
    const eval::Table classes = class_table(report);
    CHECK(std::get<int64_t>(classes.rows[1][column_of(classes, "false")]) == 1);
    CHECK(std::holds_alternative<std::monostate>(classes.rows[1][column_of(classes, "ap")]));
    CHECK(std::holds_alternative<std::monostate>(classes.rows[1][column_of(classes, "recall")]));
    const eval::Table curves = curve_table(report);
    CHECK(curves.rows.size() == 2);
    CHECK(std::get<std::string>(curves.rows[0][column_of(curves, "outcome")]) == "true");
  }
}

TEST_CASE("measure_errors: groups of the sets, then classes; other sets replace those of VOC") {
  const std::vector<eval::TrueObject> objects = {{{0, 0, 9, 9}, 0, 0, false, false, {}}};
  const std::vector<eval::ScoredBox> boxes = {{{0, 0, 9, 9}, 1, 0, 0.9}};
  const auto report = measure_detections({"cat", "dog"}, {"a"}, 1, objects, boxes, {});
  const eval::Table voc = error_table(measure_errors(report, eval::voc_similar_sets()));
  REQUIRE(voc.rows.size() == 3);  // all, animals, dog
  CHECK(std::get<std::string>(voc.rows[1][1]) == "animals");
  CHECK(std::get<double>(voc.rows[2][column_of(voc, "sim")]) == 1);
  const eval::Table other = error_table(measure_errors(report, {}));
  CHECK(std::get<double>(other.rows.back()[column_of(other, "oth")]) == 1);
}

TEST_CASE("eval figures: all of them render, also without false positives and without classes") {
  const std::vector<eval::TrueObject> objects = {{{0, 0, 9, 9}, 0, 0, false, false, {}}};
  std::vector<eval::ScoredBox> boxes = {{{0, 0, 9, 9}, 0, 0, 0.9}};
  for (const int errors : {0, 5, 60}) {
    for (int i = 0; i < errors; ++i) boxes.push_back({{50, 50, 59, 59}, 1, 0, 0.5});
    const auto report = measure_detections({"cat", "dog"}, {"a"}, 1, objects, boxes, {});
    for (const auto& figure :
         {curve_figure(report), class_figure(report), error_figure(measure_errors(report, eval::voc_similar_sets())),
          sensitivity_figure(measure_sensitivity(report, 1))}) {
      CHECK(eval::render_svg(figure).starts_with("<"));
    }
  }
}
