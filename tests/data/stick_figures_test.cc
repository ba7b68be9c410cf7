#include "data/stick_figures.h"

#include <doctest/doctest.h>

#include "base/error.h"

namespace fovea::data {
namespace {

TEST_CASE("stick figures: a pure function of seed and index, everybody inside the picture") {
  StickFigureOptions options;
  options.height = 64;
  options.width = 96;
  options.min_distractors = 1;
  int64_t crowds = 0;
  for (int64_t i = 0; i < 12; ++i) {
    const StickScene scene = draw_stick_figures(options, i), again = draw_stick_figures(options, i);
    CHECK(scene.picture.pixels == again.picture.pixels);
    CHECK(scene.people.size() <= 3);
    crowds += scene.people.size() > 1 ? 1 : 0;
    for (const StickFigure& figure : scene.people) {
      for (const auto& joint : figure.joints) {
        CHECK(joint[0] >= 0);
        CHECK(joint[1] >= 0);
        CHECK(joint[0] <= 95);
        CHECK(joint[1] <= 63);
      }
      CHECK(figure.box.x1 < figure.torso.x2);
      CHECK(figure.joints[13][1] < figure.joints[12][1]);  // head above neck
    }
  }
  CHECK(crowds > 6);
  options.seed = 2;
  CHECK(draw_stick_figures(options, 0).picture.pixels !=
        draw_stick_figures({.height = 64, .width = 96, .min_distractors = 1}, 0).picture.pixels);
}

TEST_CASE("stick figures: a fifth is held out; options are checked") {
  StickFigureOptions options;
  int64_t test = 0;
  for (int64_t i = 0; i < 50; ++i) test += stick_figure_split(options, i) == "test" ? 1 : 0;
  CHECK(test == 10);
  options.max_distractors = 9;
  CHECK_THROWS_AS(draw_stick_figures(options, 0), Error);
}

}  // namespace
}  // namespace fovea::data
