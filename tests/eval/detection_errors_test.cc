#include "eval/detection_errors.h"

#include <doctest/doctest.h>

using namespace fovea;
using namespace fovea::eval;

namespace {

const std::vector<std::string> kNames = {"cat", "dog", "car", "zebra"};

TrueObject object(fovea::Box box, int32_t k = 0, int64_t image = 0) { return {box, k, image, false, false, {}}; }
ScoredBox detection(fovea::Box box, double score, int64_t image = 0) { return {box, 0, image, score}; }

std::vector<ErrorType> types_of(const std::vector<TrueObject>& objects, const std::vector<ScoredBox>& detections) {
  const ClassSample sample = by_class(objects, detections, 4)[0];
  const Matches matches = match_detections(sample.objects, sample.detections, {});
  return error_types(matches, sample.detections, objects, SimilarClasses(kNames, voc_similar_sets()));
}

std::vector<ErrorType> repeated(int64_t loc, int64_t background) {
  std::vector<ErrorType> out(static_cast<size_t>(loc), ErrorType::kLocalization);
  out.insert(out.end(), static_cast<size_t>(background), ErrorType::kBackground);
  return out;
}

}  // namespace

TEST_CASE("error_types: localisation, similar, other, background, in this precedence") {
  // A cat, a dog and a car side by side in image 0, 10 x 10 pixels each.
  const std::vector<TrueObject> objects = {object({0, 0, 9, 9}, 0), object({20, 0, 29, 9}, 1),
                                           object({40, 0, 49, 9}, 2)};
  const std::vector<ScoredBox> detections = {detection({0, 0, 9, 9}, 0.99),      // right: no error
                                             detection({0, 0, 9, 8}, 0.98),      // duplicate
                                             detection({0, 0, 9, 3}, 0.97),      // IoU 0.4
                                             detection({20, 0, 29, 9}, 0.96),    // the dog
                                             detection({40, 0, 49, 9}, 0.95),    // the car
                                             detection({70, 0, 79, 9}, 0.94),    // nothing
                                             detection({0, 0, 9, 9}, 0.93, 1),   // nothing in that image
                                             detection({0, 0, 29, 9}, 0.92),     // IoU 1/3 with cat and dog
                                             detection({20, 0, 49, 9}, 0.91),    // IoU 1/3 with dog and car
                                             detection({40, 0, 139, 9}, 0.90),   // IoU exactly 0.1 with the car
                                             detection({40, 0, 140, 9}, 0.89)};  // a little less
  using enum ErrorType;
  CHECK(types_of(objects, detections) == std::vector<ErrorType>{kLocalization, kLocalization, kSimilar, kOther,
                                                                kBackground, kBackground, kLocalization, kSimilar,
                                                                kOther, kBackground});
}

TEST_CASE("error_types: ignored detections are no errors, and a box on a difficult object is not background") {
  std::vector<TrueObject> objects = {object({0, 0, 9, 9})};
  objects[0].difficult = true;
  CHECK(types_of(objects, {detection({0, 0, 9, 9}, 0.9)}).empty());
  CHECK(types_of(objects, {detection({0, 0, 9, 3}, 0.9)}) == std::vector<ErrorType>{ErrorType::kLocalization});
}

TEST_CASE("SimilarClasses: sets overlap without joining, and other sets may be given") {
  const std::vector<std::string> names = {"aeroplane", "bird", "car", "cat", "chair", "sofa", "zebra"};
  const SimilarClasses voc(names, voc_similar_sets());
  CHECK(voc.are_similar(0, 1));
  CHECK(voc.are_similar(0, 2));
  CHECK(voc.are_similar(1, 3));
  CHECK(!voc.are_similar(1, 2));
  CHECK(voc.are_similar(5, 4));
  CHECK(!voc.are_similar(0, 0));
  CHECK(!voc.are_similar(3, 6));
  const std::vector<ClassSet> sets = {{"mine", {"cat", "zebra", "unicorn"}}};
  CHECK(SimilarClasses(names, sets).are_similar(3, 6));
  CHECK(!SimilarClasses(names, sets).are_similar(0, 1));
}

TEST_CASE("error_shares: among the first 25, 50, 100 .. and at the end") {
  const auto shares = error_shares(repeated(25, 35));
  REQUIRE(shares.size() == 3);
  CHECK(shares[0].first == 25);
  CHECK(shares[0].shares == std::array<double, 4>{1, 0, 0, 0});
  CHECK(shares[1].first == 50);
  CHECK(shares[1].shares == std::array<double, 4>{0.5, 0, 0, 0.5});
  CHECK(shares[2].first == 60);
  CHECK(shares[2].shares[0] == doctest::Approx(25.0 / 60));
  CHECK(error_shares(repeated(50, 0)).size() == 2);
  CHECK(error_shares(repeated(3, 0)).at(0).first == 3);
  CHECK(error_shares({}).empty());
}

TEST_CASE("group_error_shares: the mean of the classes that have errors") {
  const std::vector<std::vector<ErrorType>> classes = {repeated(50, 0), {}, repeated(0, 10)};
  const auto shares = group_error_shares(classes);
  REQUIRE(shares.size() == 2);
  CHECK(shares[1].first == 50);
  CHECK(shares[1].shares == std::array<double, 4>{0.5, 0, 0, 0.5});
}

TEST_CASE("class_sensitivity: parts by rank of area, 10 20 40 20 10 percent") {
  ClassSample sample;
  // Ten squares in ten images, larger each; the detector finds all but the smallest two.
  for (int i = 0; i < 10; ++i) {
    const auto side = static_cast<float>(10 + 10 * i);
    sample.objects.push_back(object({0, 0, side - 1, side - 1}, 0, i));
    if (i >= 2) sample.detections.push_back(detection({0, 0, side - 1, side - 1}, 1 - 0.01 * i, i));
  }
  const ClassSensitivity result = class_sensitivity(sample, {}, 20);
  CHECK(result.normalized_ap.value() == doctest::Approx(0.8));
  REQUIRE(result.characteristics.size() == 2);  // nothing is said about truncation
  const Sensitivity& size = result.characteristics[0];
  CHECK(size.characteristic == "size");
  const std::vector<int64_t> positives = {1, 2, 4, 2, 1};
  const std::vector<double> expected = {0, 0.5, 1, 1, 1};
  REQUIRE(size.subsets.size() == 5);
  for (size_t i = 0; i < 5; ++i) {
    CHECK(size.subsets[i].positives == positives[i]);
    CHECK(size.subsets[i].normalized_ap.value() == doctest::Approx(expected[i]));
  }
  CHECK(size.best == 2);
  CHECK(size.worst == 0);
}

TEST_CASE("class_sensitivity: the precision is that of N_j positives, and false ones stay in every part") {
  ClassSample sample;
  sample.objects = {object({0, 0, 9, 39}, 0, 0), object({0, 0, 39, 9}, 0, 1)};  // tall, wide
  sample.objects[0].truncated = true;
  sample.objects[1].truncated = false;
  sample.detections = {detection({0, 0, 9, 39}, 0.9, 0), detection({90, 90, 99, 99}, 0.8, 0),
                       detection({0, 0, 39, 9}, 0.7, 1)};
  const ClassSensitivity result = class_sensitivity(sample, {}, 6);
  // Whole: precision 1 up to recall 1/2, then 6 / (6 + 1).
  CHECK(result.normalized_ap.value() == doctest::Approx((1 + 6.0 / 7) / 2));
  REQUIRE(result.characteristics.size() == 3);
  const Sensitivity& truncation = result.characteristics[0];
  CHECK(truncation.subsets[0].normalized_ap.value() == doctest::Approx(6.0 / 7));  // behind the false one
  CHECK(truncation.subsets[1].normalized_ap.value() == doctest::Approx(1));
  CHECK(truncation.subsets[truncation.best].name == "yes");
  const Sensitivity& aspect = result.characteristics[2];
  CHECK(aspect.characteristic == "aspect");
  CHECK(aspect.subsets[1].positives == 1);  // ranks 1/4 and 3/4: T and W
  CHECK(aspect.subsets[1].normalized_ap.value() == doctest::Approx(1));
  CHECK(aspect.subsets[3].normalized_ap.value() == doctest::Approx(6.0 / 7));
  CHECK(!aspect.subsets[0].normalized_ap);
}

TEST_CASE("mean_sensitivity: over the classes that have the part") {
  ClassSample found, missed, empty;
  found.objects = {object({0, 0, 9, 9})};
  found.detections = {detection({0, 0, 9, 9}, 0.9)};
  missed.objects = found.objects;
  const std::vector<ClassSensitivity> classes = {class_sensitivity(found, {}, 1), class_sensitivity(missed, {}, 1),
                                                 class_sensitivity(empty, {}, 1)};
  const auto means = mean_sensitivity(classes);
  REQUIRE(means.size() == 2);
  CHECK(means[0].characteristic == "size");
  CHECK(means[0].subsets[2].positives == 2);  // a single object is of medium size
  CHECK(means[0].subsets[2].normalized_ap.value() == doctest::Approx(0.5));
  CHECK(!means[0].subsets[0].normalized_ap);
  CHECK(means[0].best.value() == doctest::Approx(0.5));
}
