// rcnn-propose show and rcnn-detect show --what boxes, as SVG, whose text can be looked into.
#include <doctest/doctest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "io/detections_file.h"
#include "io/h5_fixtures.h"
#include "io/images_file.h"
#include "io/proposals_file.h"
#include "systems/rcnn/show.h"

using namespace fovea;
using namespace fovea::rcnn;

namespace {

// Two grey pictures of 40 x 60; "a" has a cat and a difficult dog, "b" nothing.
void write_set(const std::string& path) {
  io::ImagesLayout layout;
  layout.storage = io::PixelStorage::kRaw;
  layout.height = 40;
  layout.width = 60;
  layout.channels = 1;
  layout.objects = layout.difficult = true;
  layout.label_set = {"cat", "dog"};
  io::ImagesWriter writer(path, test::root_attributes(), layout);
  const std::vector<uint8_t> pixels(40 * 60, 90);
  for (const char* id : {"a", "b"}) {
    io::ImageRecord record;
    record.id = id;
    record.height = 40;
    record.width = 60;
    record.pixels = pixels;
    if (record.id == "a") record.objects = {{10, 10, 29, 29, 0, false}, {40, 0, 59, 39, 1, true}};
    writer.add(record);
  }
  writer.finish();
}

void write_proposals(const std::string& path, bool masks, const io::MaskRuns& last_mask = {50, 50}) {
  io::ProposalsWriter writer(path, test::root_attributes(), {false, masks, ""});
  for (const char* id : {"a", "b"}) {
    io::ImageProposals found{id, 40, 60, {{0, 0, 59, 39}, {10, 10, 29, 19}, {0, 30, 9, 39}}, {}, {}};
    if (masks) found.masks = {{0, 2400}, {0, 200}, last_mask};
    writer.add(found);
  }
  writer.finish();
}

void write_detections(const std::string& path) {
  io::DetectionsWriter writer(path, test::root_attributes(), {"cat", "dog"});
  writer.add({"a", 40, 60, {{{11, 10, 29, 29}, 0, 0.75F}, {{0, 0, 5, 5}, 1, -0.5F}}});
  writer.add({"b", 40, 60, {}});
  writer.finish();
}

struct Files {
  TemporaryFolder folder;
  std::string set = folder / "set.h5", proposals = folder / "boxes.h5", detections = folder / "found.h5",
              svg = folder / "out.svg";
  Files() {
    write_set(set);
    write_proposals(proposals, true);
    write_detections(detections);
  }
  std::string text() const { return read_text_file(svg, 1 << 22); }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

ErrorKind error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.kind();
  }
  FAIL("no error");
  return ErrorKind::kInternal;
}

}  // namespace

TEST_CASE("propose_show: objects are dashed, their best proposals carry the overlap") {
  const Files files;
  ProposeShowOptions options;
  options.proposals = files.proposals;
  options.shown.inputs.images = files.set;
  options.shown.output = files.svg;
  CHECK(propose_show(options, {}) == 0);
  const std::string text = files.text();
  CHECK(has(text, ">cat 0.50<"));  // half of the cat's box
  CHECK(has(text, ">dog 0.33<"));  // 800 of 2400 pixels
  CHECK(count(text, "stroke-dasharray") == 2);
  CHECK(has(text, ">a: best of 3 boxes, mean IoU 0.417<"));
}

TEST_CASE("propose_show: the top boxes are numbered, and masks change the picture only if asked for") {
  const Files files;
  ProposeShowOptions options;
  options.proposals = files.proposals;
  options.shown.inputs.images = files.set;
  options.shown.ids = {"b"};
  options.what = "top";
  options.top = 2;
  options.shown.output = files.svg;
  propose_show(options, {});
  const std::string plain = files.text();
  CHECK(has(plain, ">1<"));
  CHECK(has(plain, ">2<"));
  CHECK_FALSE(has(plain, ">3<"));
  CHECK(has(plain, ">b: 2 of 3 boxes<"));
  options.masks = true;
  propose_show(options, {});
  CHECK(files.text() != plain);
}

TEST_CASE("propose_show: what can't be drawn is said before anything is written") {
  const Files files;
  ProposeShowOptions options;
  options.proposals = files.proposals;
  options.shown.inputs.images = files.set;
  options.shown.output = files.folder / "out.gif";
  CHECK(error_of([&] { propose_show(options, {}); }) == ErrorKind::kUsage);
  options.shown.output = files.svg;
  options.shown.ids = {"c"};
  CHECK(error_of([&] { propose_show(options, {}); }) == ErrorKind::kUsage);
  options.shown.ids = {};
  write_proposals(files.proposals, false);
  options.masks = true;
  CHECK(error_of([&] { propose_show(options, {}); }) == ErrorKind::kData);
  CHECK_FALSE(file_exists(files.svg));
}

TEST_CASE("detect_show: detections above the threshold, true boxes dashed, missed ones named") {
  const Files files;
  DetectShowOptions options;
  options.file = files.detections;
  options.shown.inputs.images = files.set;
  options.shown.output = files.svg;
  CHECK(detect_show(options, {}) == 0);
  const std::string plain = files.text();
  CHECK(has(plain, ">cat 0.75<"));
  CHECK_FALSE(has(plain, ">dog"));
  CHECK_FALSE(has(plain, "stroke-dasharray"));
  CHECK(count(plain, "<image") == 2);  // both pictures on one sheet
  options.truth = true;
  options.threshold = -1;
  detect_show(options, {});
  const std::string full = files.text();
  CHECK(has(full, ">dog -0.50<"));
  CHECK(has(full, ">dog (difficult)<"));
  CHECK_FALSE(has(full, ">cat (missed)<"));  // found with an overlap above 0.5
  CHECK(count(full, "stroke-dasharray") == 2);
  options.threshold = 0.8;
  detect_show(options, {});
  CHECK(has(files.text(), ">cat (missed)<"));
}

TEST_CASE("detect_show: pictures of another size than the file says are refused") {
  const Files files;
  io::DetectionsWriter writer(files.detections, test::root_attributes(), {"cat"});
  writer.add({"a", 41, 60, {}});
  writer.finish();
  DetectShowOptions options;
  options.file = files.detections;
  options.shown.inputs.images = files.set;
  options.shown.output = files.svg;
  CHECK(error_of([&] { detect_show(options, {}); }) == ErrorKind::kData);
}
