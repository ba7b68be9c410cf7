#include "eval/detection.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "base/error.h"

using namespace fovea;
using namespace fovea::eval;

namespace {

constexpr double kTolerance = 1e-9;

// What one rule makes of a case.
struct Expected {
  std::string labels;  // t, f, i (ignored), by decreasing score
  int64_t positives;
  std::vector<double> recall, precision;  // NaN: null in the file
  double ap_11, ap_area;
};

// Cases of rcnn/voc_ap.json, written by independent Python. The ILSVRC rule knows no difficult objects.
struct Case {
  const char* name;
  std::vector<TrueObject> objects;
  std::vector<ScoredBox> detections;
  std::vector<int64_t> order;
  Expected voc, ilsvrc;
};

TrueObject object(fovea::Box box, int64_t image = 0, bool difficult = false) {
  return {box, 0, image, difficult, false, {}};
}
ScoredBox detection(fovea::Box box, double score, int64_t image = 0) { return {box, 0, image, score}; }

std::vector<Case> cases() {
  return {
      {"perfect",
       {object({1, 1, 50, 50}, 0), object({10, 10, 60, 60}, 1)},
       {detection({1, 1, 50, 50}, 0.9, 0), detection({10, 10, 60, 60}, 0.8, 1)},
       {0, 1},
       {"tt", 2, {0.5, 1}, {1, 1}, 1.0000000000000002, 1},
       {"tt", 2, {0.5, 1}, {1, 1}, 1.0000000000000002, 1}},
      {"duplicate_is_fp",
       {object({1, 1, 50, 50}, 0)},
       {detection({1, 1, 50, 50}, 0.9, 0), detection({2, 2, 50, 50}, 0.8, 0), detection({100, 100, 150, 150}, 0.7, 0)},
       {0, 1, 2},
       {"tff", 1, {1, 1, 1}, {1, 0.5, 0.3333333333333333}, 1.0000000000000002, 1},
       {"tff", 1, {1, 1, 1}, {1, 0.5, 0.3333333333333333}, 1.0000000000000002, 1}},
      {"difficult_ignored",
       {object({1, 1, 50, 50}, 0, true), object({101, 1, 150, 50}, 0)},
       {detection({1, 1, 50, 50}, 0.9, 0), detection({101, 1, 150, 50}, 0.8, 0), detection({3, 3, 50, 50}, 0.7, 0)},
       {0, 1, 2},
       {"iti", 1, {0, 1, 1}, {NAN, 1, 1}, 1.0000000000000002, 1},
       {"ftf", 1, {0, 1, 1}, {0, 0.5, 0.3333333333333333}, 0.5000000000000001, 0.5}},
      {"exact_half",
       {object({1, 1, 10, 10}, 0)},
       {detection({1, 1, 10, 5}, 0.9, 0)},
       {0},
       {"t", 1, {1}, {1}, 1.0000000000000002, 1},
       {"t", 1, {1}, {1}, 1.0000000000000002, 1}},
      {"best_gt_already_taken",
       {object({1, 1, 100, 100}, 0), object({1, 41, 100, 140}, 0)},
       {detection({1, 1, 100, 100}, 0.9, 0), detection({1, 11, 100, 110}, 0.8, 0)},
       {0, 1},
       {"tf", 2, {0.5, 0.5}, {1, 0.5}, 0.5454545454545455, 0.5},
       {"tt", 2, {0.5, 1}, {1, 1}, 1.0000000000000002, 1}},
      {"small_object_ilsvrc",
       {object({1, 1, 8, 8}, 0)},
       {detection({4, 1, 11, 8}, 0.9, 0)},
       {0},
       {"f", 1, {0}, {0}, 0, 0},
       {"t", 1, {1}, {1}, 1.0000000000000002, 1}},
      {"no_detections", {object({1, 1, 50, 50}, 0)}, {}, {}, {"", 1, {}, {}, 0, 0}, {"", 1, {}, {}, 0, 0}},
      {"unrelated_image",
       {object({1, 1, 50, 50}, 0)},
       {detection({1, 1, 50, 50}, 0.9, 1), detection({1, 1, 50, 50}, 0.3, 0)},
       {0, 1},
       {"ft", 1, {0, 1}, {0, 0.5}, 0.5000000000000001, 0.5},
       {"ft", 1, {0, 1}, {0, 0.5}, 0.5000000000000001, 0.5}},
      {"random8",
       {object({131, 84, 211, 132}, 0), object({68, 187, 145, 233}, 0), object({108, 138, 205, 182}, 0),
        object({198, 101, 280, 172}, 1), object({65, 191, 107, 227}, 1), object({188, 107, 235, 142}, 1, true),
        object({36, 78, 98, 141}, 2), object({147, 10, 190, 83}, 3), object({143, 49, 198, 112}, 3),
        object({47, 185, 125, 258}, 4), object({111, 181, 148, 269}, 6, true), object({96, 126, 187, 199}, 7),
        object({114, 123, 170, 161}, 7)},
       {detection({134, 75, 215, 124}, 0.5574, 0),  detection({78, 186, 148, 244}, 0.6592, 0),
        detection({63, 178, 145, 233}, 0.3087, 0),  detection({167, 118, 217, 168}, 0.3887, 0),
        detection({45, 136, 95, 186}, 0.4015, 0),   detection({198, 98, 276, 182}, 0.7968, 1),
        detection({195, 112, 289, 164}, 0.6587, 1), detection({64, 185, 119, 216}, 0.4742, 1),
        detection({187, 119, 242, 153}, 0.7578, 1), detection({188, 107, 236, 134}, 0.392, 1),
        detection({42, 144, 92, 194}, 0.6506, 1),   detection({83, 64, 133, 114}, 0.4694, 1),
        detection({46, 106, 96, 156}, 0.6258, 2),   detection({35, 96, 85, 146}, 0.0269, 2),
        detection({135, 11, 188, 91}, 0.8078, 3),   detection({143, 21, 179, 75}, 0.4629, 3),
        detection({150, 59, 196, 107}, 0.6385, 3),  detection({131, 55, 193, 112}, 0.9993, 3),
        detection({12, 107, 62, 157}, 0.0312, 4),   detection({157, 108, 207, 158}, 0.0574, 5),
        detection({114, 182, 155, 266}, 0.1206, 6), detection({102, 176, 153, 267}, 0.6726, 6),
        detection({99, 136, 199, 208}, 0.1069, 7)},
       {17, 14, 5, 8, 21, 1, 6, 10, 16, 12, 0, 7, 11, 15, 4, 9, 3, 2, 20, 22, 19, 18, 13},
       {"tttfitfffftffffiffitfft",
        11,
        {0.09090909090909091, 0.18181818181818182, 0.2727272727272727,  0.2727272727272727,  0.2727272727272727,
         0.36363636363636365, 0.36363636363636365, 0.36363636363636365, 0.36363636363636365, 0.36363636363636365,
         0.45454545454545453, 0.45454545454545453, 0.45454545454545453, 0.45454545454545453, 0.45454545454545453,
         0.45454545454545453, 0.45454545454545453, 0.45454545454545453, 0.45454545454545453, 0.5454545454545454,
         0.5454545454545454,  0.5454545454545454,  0.6363636363636364},
        {1,
         1,
         1,
         0.75,
         0.75,
         0.8,
         0.6666666666666666,
         0.5714285714285714,
         0.5,
         0.4444444444444444,
         0.5,
         0.45454545454545453,
         0.4166666666666667,
         0.38461538461538464,
         0.35714285714285715,
         0.35714285714285715,
         0.3333333333333333,
         0.3125,
         0.3125,
         0.35294117647058826,
         0.3333333333333333,
         0.3157894736842105,
         0.35},
        0.45481283422459895,
        0.45481283422459895},
       {"tttfftfffftfffffffftfft",
        11,
        {0.09090909090909091, 0.18181818181818182, 0.2727272727272727,  0.2727272727272727,  0.2727272727272727,
         0.36363636363636365, 0.36363636363636365, 0.36363636363636365, 0.36363636363636365, 0.36363636363636365,
         0.45454545454545453, 0.45454545454545453, 0.45454545454545453, 0.45454545454545453, 0.45454545454545453,
         0.45454545454545453, 0.45454545454545453, 0.45454545454545453, 0.45454545454545453, 0.5454545454545454,
         0.5454545454545454,  0.5454545454545454,  0.6363636363636364},
        {1,
         1,
         1,
         0.75,
         0.6,
         0.6666666666666666,
         0.5714285714285714,
         0.5,
         0.4444444444444444,
         0.4,
         0.45454545454545453,
         0.4166666666666667,
         0.38461538461538464,
         0.35714285714285715,
         0.3333333333333333,
         0.3125,
         0.29411764705882354,
         0.2777777777777778,
         0.2631578947368421,
         0.3,
         0.2857142857142857,
         0.2727272727272727,
         0.30434782608695654},
        0.4299916157623668,
        0.4299916157623667}},
  };
}

std::string labels_of(const Matches& matches) {
  std::string out;
  for (const Match& match : matches.list) out += "tfi"[static_cast<int>(match.outcome)];
  return out;
}

void check_values(const std::vector<double>& found, const std::vector<double>& expected) {
  REQUIRE(found.size() == expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    CHECK(std::isnan(found[i]) == std::isnan(expected[i]));
    if (!std::isnan(expected[i])) CHECK(std::abs(found[i] - expected[i]) <= kTolerance);
  }
}

void check_case(const Case& item, MatchRule rule, const Expected& expected) {
  CAPTURE(item.name);
  CAPTURE(static_cast<int>(rule));
  const Matches matches = match_detections(item.objects, item.detections, {rule, 0.5});
  std::vector<int64_t> order;
  for (const Match& match : matches.list) order.push_back(match.detection);
  CHECK(order == item.order);
  CHECK(labels_of(matches) == expected.labels);
  CHECK(matches.positives == expected.positives);
  const PrecisionRecall curve = precision_recall(matches);
  check_values(curve.recall, expected.recall);
  check_values(curve.precision, expected.precision);
  CHECK(std::abs(eleven_point_ap(curve).value() - expected.ap_11) <= kTolerance);
  CHECK(std::abs(area_ap(curve).value() - expected.ap_area) <= kTolerance);
}

// A curve of true and false detections, as in "ttf".
PrecisionRecall curve_of(const std::string& labels, int64_t positives) {
  Matches matches;
  matches.positives = positives;
  for (const char label : labels) matches.list.push_back({0, label == 't' ? Outcome::kTrue : Outcome::kFalse, -1});
  return precision_recall(matches);
}

MatchPolicy coco(double min_overlap = 0.5) { return {MatchRule::kCoco, min_overlap}; }

}  // namespace

TEST_CASE("match_detections: the VOC rule agrees with voc_ap.json") {
  for (const Case& item : cases()) check_case(item, MatchRule::kVoc, item.voc);
}

TEST_CASE("match_detections: the ILSVRC rule agrees with voc_ap.json") {
  for (const Case& item : cases()) check_case(item, MatchRule::kIlsvrc, item.ilsvrc);
}

TEST_CASE("match_detections: equal scores keep the order given") {
  const std::vector<TrueObject> objects = {object({0, 0, 9, 9})};
  const std::vector<ScoredBox> detections = {detection({50, 50, 59, 59}, 0.5), detection({0, 0, 9, 9}, 0.5),
                                             detection({0, 0, 9, 8}, 0.5)};
  CHECK(labels_of(match_detections(objects, detections, {})) == "ftf");
}

TEST_CASE("match_detections: many equal scores keep the order given") {
  std::vector<ScoredBox> detections;
  for (int i = 0; i < 100; ++i) detections.push_back(detection({0, 0, 9, 9}, i % 2 == 0 ? 0.5 : 0.25));
  const Matches matches = match_detections({}, detections, {});
  for (size_t i = 0; i < 100; ++i) {
    CHECK(matches.list[i].detection == static_cast<int64_t>(i < 50 ? 2 * i : 2 * (i - 50) + 1));
  }
}

TEST_CASE("ILSVRC rule: a small object may be missed by 5 pixels on each side, a large one by half") {
  // 8 x 8 pixels: 64 / 324 = 0.1975.
  const std::vector<TrueObject> objects = {object({0, 0, 7, 7}, 0), object({0, 0, 7, 7}, 1), object({0, 0, 99, 99}, 2)};
  const std::vector<ScoredBox> detections = {detection({0, 0, 7, 1}, 0.9, 0),     // 0.25
                                             detection({0, 0, 7, 0}, 0.8, 1),     // 0.125
                                             detection({0, 0, 99, 48}, 0.7, 2)};  // 0.49
  CHECK(labels_of(match_detections(objects, detections, {MatchRule::kIlsvrc, 0.5})) == "tff");
}

TEST_CASE("match_detections: of two equally good objects VOC takes the first, COCO the last") {
  const std::vector<TrueObject> objects = {object({0, 0, 9, 9}), object({0, 0, 9, 9})};
  const std::vector<ScoredBox> detections = {detection({0, 0, 9, 9}, 0.5)};
  CHECK(match_detections(objects, detections, {}).list[0].object == 0);
  CHECK(match_detections(objects, detections, coco()).list[0].object == 1);
}

TEST_CASE("match_detections: difficult objects count when told so, under each rule") {
  const std::vector<TrueObject> objects = {object({0, 0, 49, 49}, 0, true)};
  const std::vector<ScoredBox> detections = {detection({0, 0, 49, 49}, 0.9), detection({0, 0, 49, 48}, 0.8)};
  for (const MatchRule rule : {MatchRule::kVoc, MatchRule::kIlsvrc, MatchRule::kCoco}) {
    MatchPolicy policy{rule, 0.5};
    CHECK(match_detections(objects, detections, policy).positives == 0);
    policy.count_difficult = true;
    const Matches matches = match_detections(objects, detections, policy);
    CHECK(matches.positives == 1);
    CHECK(labels_of(matches) == "tf");
  }
}

TEST_CASE("COCO rule: a detection takes the best free object where VOC sees a duplicate") {
  const std::vector<TrueObject> objects = {object({0, 0, 99, 99}), object({0, 40, 99, 139})};
  const std::vector<ScoredBox> detections = {detection({0, 0, 99, 99}, 0.9), detection({0, 10, 99, 109}, 0.8)};
  CHECK(labels_of(match_detections(objects, detections, {})) == "tf");
  CHECK(labels_of(match_detections(objects, detections, coco())) == "tt");
}

TEST_CASE("COCO rule: a crowd absorbs any number of detections by the share inside it") {
  std::vector<TrueObject> objects = {object({0, 0, 99, 99})};
  objects[0].crowd = true;
  // IoU is 0.01, but all of the detection lies inside.
  const std::vector<ScoredBox> detections = {detection({10, 10, 19, 19}, 0.9), detection({30, 30, 39, 39}, 0.8),
                                             detection({95, 0, 114, 9}, 0.7)};
  const Matches matches = match_detections(objects, detections, coco());
  CHECK(labels_of(matches) == "iif");  // the last has a quarter inside
  CHECK(matches.positives == 0);
}

TEST_CASE("COCO rule: an object that counts is preferred to a better ignored one") {
  std::vector<TrueObject> objects = {object({0, 0, 9, 9}, 0, true), object({0, 0, 9, 7})};
  const std::vector<ScoredBox> detections = {detection({0, 0, 9, 9}, 0.9), detection({0, 0, 9, 9}, 0.8)};
  CHECK(labels_of(match_detections(objects, detections, coco())) == "ti");
  std::swap(objects[0], objects[1]);
  CHECK(labels_of(match_detections(objects, detections, coco())) == "ti");
}

TEST_CASE("COCO rule: objects and unmatched detections outside the area range are ignored") {
  const std::vector<TrueObject> objects = {object({0, 0, 9, 9}), object({100, 100, 199, 199})};
  const std::vector<ScoredBox> detections = {detection({0, 0, 9, 9}, 0.9), detection({100, 100, 199, 199}, 0.8),
                                             detection({0, 50, 9, 59}, 0.7), detection({100, 0, 199, 90}, 0.6)};
  MatchPolicy policy = coco();
  policy.min_area = 0;
  policy.max_area = 32 * 32;
  const Matches small = match_detections(objects, detections, policy);
  CHECK(labels_of(small) == "tifi");
  CHECK(small.positives == 1);
  policy.max_area = 99;  // a 10 x 10 box has 100 pixels
  CHECK(labels_of(match_detections(objects, detections, policy)) == "iiii");
}

TEST_CASE("COCO rule: only the best detections of each image are seen") {
  const std::vector<TrueObject> objects = {object({0, 0, 9, 9}, 0), object({0, 0, 9, 9}, 1)};
  const std::vector<ScoredBox> detections = {detection({50, 0, 59, 9}, 0.9, 0), detection({0, 0, 9, 9}, 0.8, 0),
                                             detection({0, 0, 9, 9}, 0.7, 1)};
  MatchPolicy policy = coco();
  policy.max_detections = 1;
  CHECK(labels_of(match_detections(objects, detections, policy)) == "ft");
}

TEST_CASE("eleven_point_ap: a recall of 3/10 reaches the threshold 0.3") {
  // Perfect up to recall 3/10, nothing after: thresholds 0, 0.1, 0.2, 0.3 have precision 1.
  CHECK(eleven_point_ap(curve_of("ttt", 10)).value() == doctest::Approx(4.0 / 11).epsilon(1e-12));
  CHECK(eleven_point_ap(curve_of("tttttt", 10)).value() == doctest::Approx(7.0 / 11).epsilon(1e-12));
  CHECK(eleven_point_ap(curve_of("tt", 7)).value() == doctest::Approx(3.0 / 11).epsilon(1e-12));  // 0.2857
}

TEST_CASE("average precision: absent without positives, and left out of means") {
  const PrecisionRecall curve = curve_of("ff", 0);
  CHECK(!eleven_point_ap(curve));
  CHECK(!area_ap(curve));
  CHECK(std::isnan(curve.recall[0]));
  const std::vector<std::optional<double>> values = {0.25, std::nullopt, 0.75, 0.8};
  CHECK(mean_of_present(values).value() == doctest::Approx(0.6).epsilon(1e-12));
  CHECK(median_of_present(values).value() == 0.75);
  CHECK(median_of_present(std::span(values).first(3)).value() == 0.5);
  CHECK(!mean_of_present(std::span(values).subspan(1, 1)));
  CHECK(!median_of_present({}));
}

TEST_CASE("precision_recall: a weight replaces the number of positives in the precision") {
  // 2 of 4 found, 1 false: R N / (R N + F) with N = 40 is 20 / 21.
  Matches matches;
  matches.positives = 4;
  for (const Outcome outcome : {Outcome::kTrue, Outcome::kFalse, Outcome::kTrue}) matches.list.push_back({0, outcome});
  const PrecisionRecall curve = precision_recall(matches, 10);
  CHECK(curve.precision[2] == doctest::Approx(20.0 / 21).epsilon(1e-12));
  CHECK(curve.recall[2] == 0.5);
}

TEST_CASE("by_class and remove_pairs: sort out and drop in the order given") {
  std::vector<TrueObject> objects = {object({0, 0, 1, 1}, 0), object({0, 0, 2, 2}, 1)};
  std::vector<ScoredBox> detections = {detection({0, 0, 1, 1}, 0.1, 1), detection({0, 0, 1, 1}, 0.2, 0)};
  objects[1].class_index = 1;
  detections[0].class_index = 1;
  const auto samples = by_class(objects, detections, 3);
  CHECK(samples.size() == 3);
  CHECK(samples[1].objects.at(0).image == 1);
  CHECK(samples[1].detections.at(0).score == 0.1);
  CHECK(samples[2].objects.empty());
  CHECK_THROWS_AS(by_class(objects, detections, 1), Error);
  remove_pairs({{1, 1}, {0, 1}}, objects, detections);
  CHECK(objects.size() == 1);
  CHECK(detections.size() == 1);
  CHECK(detections[0].score == 0.2);
}

TEST_CASE("coco_measures: a box of IoU 0.8 is found up to the threshold 0.8") {
  // One small object, found with IoU exactly 8/10: thresholds 0.50 .. 0.80 are 7 of 10.
  const std::vector<TrueObject> objects = {object({0, 0, 9, 9})};
  const std::vector<ScoredBox> detections = {detection({0, 0, 9, 7}, 0.9)};
  const CocoMeasures measures = coco_measures(objects, detections);
  const auto value = [&](std::string_view name) {
    return measures[static_cast<size_t>(std::find(kCocoNames.begin(), kCocoNames.end(), name) - kCocoNames.begin())];
  };
  CHECK(value("ap").value() == doctest::Approx(0.7).epsilon(1e-12));
  CHECK(value("ap_50").value() == doctest::Approx(1).epsilon(1e-12));
  CHECK(value("ap_75").value() == doctest::Approx(1).epsilon(1e-12));
  CHECK(value("ap_small").value() == doctest::Approx(0.7).epsilon(1e-12));
  CHECK(!value("ap_medium"));
  CHECK(!value("ap_large"));
  CHECK(value("ar_1").value() == doctest::Approx(0.7).epsilon(1e-12));
  CHECK(value("ar_100").value() == doctest::Approx(0.7).epsilon(1e-12));
  CHECK(!value("ar_large"));
}

TEST_CASE("coco_measures: 101 recalls, detections per image, and means over classes") {
  // Precisions are 0, 1/2, 2/3: the envelope is 2/3 at every recall.
  const std::vector<TrueObject> objects = {object({0, 0, 99, 99}), object({200, 0, 299, 99})};
  const std::vector<ScoredBox> detections = {detection({0, 200, 99, 299}, 0.9), detection({0, 0, 99, 99}, 0.8),
                                             detection({200, 0, 299, 99}, 0.7)};
  const CocoMeasures measures = coco_measures(objects, detections);
  CHECK(measures[0].value() == doctest::Approx(2.0 / 3).epsilon(1e-12));
  CHECK(measures[5].value() == doctest::Approx(2.0 / 3).epsilon(1e-12));
  CHECK(measures[6].value() == 0);
  CHECK(measures[7].value() == 1);
  const CocoMeasures none = coco_measures({}, detections);
  CHECK(!none[0]);
  const CocoMeasures missed = coco_measures(objects, {});
  CHECK(missed[0].value() == 0);
  CHECK(missed[8].value() == 0);
  const std::vector<CocoMeasures> all = {measures, none, missed};
  CHECK(mean_measures(all)[0].value() == doctest::Approx(1.0 / 3).epsilon(1e-12));
}
