// advgen-train show: sheets of fovea.adversarial files and curves of eval's results, as SVG, whose text can be looked
// into.
#include <doctest/doctest.h>

#include "base/error.h"
#include "base/file.h"
#include "io/h5_fixtures.h"
#include "io/h5_writer.h"
#include "systems/advgen/show.h"
#include "systems/advgen/show_pictures.h"

using namespace fovea;
using namespace fovea::advgen;

namespace {

// Three grey pictures of 4 x 4: the first is fooled, the second stands, the third was wrong before.
void write_adversarial(const std::string& path) {
  io::RootAttributes root = test::root_attributes();
  root.schema = "fovea.adversarial";
  io::H5Writer writer(path, root);
  const std::vector<int64_t> shape{3, 4, 4, 1}, items{3};
  std::vector<float> original(48, 0.5F), adversarial(48, 0.5F);
  adversarial[0] = 0.5F + 8.0F / 255;
  writer.write_strings("id", {"a", "b", "c"}, "image");
  writer.write<int32_t>("label", items, std::vector<int32_t>{0, 1, 1}, "image");
  writer.write_strings("label_set", {"cat", "dog"}, "class");
  writer.write<float>("original", shape, original, "image,y,x,channel");
  writer.write<float>("adversarial", shape, adversarial, "image,y,x,channel");
  writer.write<int32_t>("prediction_before", items, std::vector<int32_t>{0, 1, 0}, "image");
  writer.write<int32_t>("prediction_after", items, std::vector<int32_t>{1, 1, 0}, "image");
  writer.write<float>("confidence_before", items, std::vector<float>{0.9F, 0.8F, 0.7F}, "image");
  writer.write<float>("confidence_after", items, std::vector<float>{0.6F, 0.5F, 0.7F}, "image");
  writer.set_attribute("/", "attack", "pgd");
  writer.set_attribute("/", "norm", "linf");
  writer.set_attribute("/", "victim_hash", "00112233445566778899aabbccddeeff");
  writer.set_attribute("/", "epsilon", 8.0 / 255);
  writer.finish();
}

std::string drawn(const std::function<void(ShowOptions&, const TemporaryFolder&)>& change) {
  const TemporaryFolder folder;
  ShowOptions options;
  options.output = folder / "out.svg";
  change(options, folder);
  show(options, {});
  return read_text_file(options.output, 1 << 24);
}

std::string drawn_pictures(const std::function<void(ShowOptions&)>& change) {
  return drawn([&](ShowOptions& options, const TemporaryFolder& folder) {
    write_adversarial(folder / "adv.h5");
    options.inputs = {folder / "adv.h5"};
    change(options);
  });
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("show: fooled pictures with predictions, confidence and the printed factor") {
  const std::string text = drawn_pictures([](ShowOptions&) {});
  CHECK(contains(text, "adv.h5: pgd, Linf 8/255; original, perturbation x 10, attacked"));
  CHECK(contains(text, "cat 90 %"));
  CHECK(contains(text, "dog 60 %"));
  CHECK(!contains(text, "dog 80 %"));
}

TEST_CASE("show: all pictures, and those of an id") {
  const std::string all = drawn_pictures([](ShowOptions& options) { options.fooled = false; });
  CHECK(contains(all, "dog 80 %"));
  CHECK(contains(all, "cat 70 % (is dog)"));
  const std::string one = drawn_pictures([](ShowOptions& options) { options.ids = {"b"}, options.amplify = 3; });
  CHECK(contains(one, "dog 80 %"));
  CHECK(contains(one, "x 3"));
  CHECK(!contains(one, "cat 90 %"));
  CHECK_THROWS_AS(drawn_pictures([](ShowOptions& options) { options.ids = {"none"}; }), Error);
  CHECK_THROWS_AS(drawn_pictures([](ShowOptions& options) { options.inputs.push_back("b.h5"); }), Error);
}

TEST_CASE("show: a perturbation is drawn around middle grey") {
  CHECK(fitting_factor(8.0 / 255) == 10);
  CHECK(fitting_factor(0.5) == 1);
  CHECK(fitting_factor(0.001) == 500);
  CHECK(fitting_factor(0) == 1);
  const io::Picture picture = amplified({0, 0.05F, -0.05F, 1}, 2, 2, 1, 10);
  CHECK(picture.pixels == std::vector<uint8_t>{128, 255, 0, 255});
}

TEST_CASE("show: curves of eval's results") {
  const auto draw = [](const std::string& rows) {
    return drawn([&](ShowOptions& options, const TemporaryFolder& folder) {
      write_file(folder / "r.jsonl", rows);
      options.inputs = {folder / "r.jsonl"};
      options.what = "curves";
    });
  };
  std::string rows;
  for (const char* model : {"plain.ckpt.h5", "robust.ckpt.h5"}) {
    for (const double epsilon : {0.0, 0.1, 0.2}) {
      rows += fmt::format(R"({{"part":"curve","model":"{}","epsilon":{},"accuracy":0.5,"low":0.4,"high":0.6}})", model,
                          epsilon) +
              "\n";
    }
  }
  const std::string text = draw(rows);
  CHECK(contains(text, ">plain<"));
  CHECK(contains(text, ">robust<"));
  CHECK(contains(text, "epsilon, of 255"));
  CHECK_THROWS_AS(draw(R"({"part":"attack","model":"x"})"), Error);
}
