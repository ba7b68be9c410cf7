// Robustness reports of small networks on generated pictures: an honest one passes the checks for masking, masked ones
// are found out.
#include <doctest/doctest.h>

#include <cmath>
#include <numeric>

#include "autograd/ops/softmax_loss.h"
#include "base/error.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "data/scenes.h"
#include "nn/optimizer.h"
#include "systems/advgen/loss_surface.h"
#include "systems/advgen/report_checks.h"
#include "systems/advgen/report_measure.h"

using namespace fovea;
using namespace fovea::advgen;

namespace {

constexpr int64_t kSide = 16, kTrain = 2048, kTest = 250;
constexpr double kEpsilon = 8.0 / 255;

data::PixelSet draw(int64_t begin, int64_t count) {
  data::PixelSet set{count, kSide, kSide, 1, {}, {}, data::scene_labels(data::SceneKind::kFragile)};
  data::SceneOptions options;
  options.kind = data::SceneKind::kFragile;
  options.height = options.width = kSide;
  for (int64_t i = begin; i < begin + count; ++i) {
    const data::Scene scene = data::draw_scene(options, i);
    set.pixels.insert(set.pixels.end(), scene.picture.pixels.begin(), scene.picture.pixels.end());
    set.labels.push_back(scene.label);
  }
  return set;
}

data::Preprocess grey() {
  data::Preprocess preprocess;
  preprocess.height = preprocess.width = kSide;
  preprocess.channels = 1;
  preprocess.mean = {128};
  preprocess.stddev = {64};
  return preprocess;
}

// `front` may put layers between the input and the classifier.
nn::Network build(const std::string& front = "") {
  nn::Network network(
      nn::parse_net("fovea-net 1\ninput name=data height=16 width=16 channels=1 mean=128 std=64\n" + front +
                        "conv name=c1 out=16 kernel=3 pad=1\nrelu name=r1\nmax_pool name=p1 kernel=2 stride=2\n"
                        "conv name=c2 out=32 kernel=3 pad=1\nrelu name=r2\nmax_pool name=p2 kernel=2 stride=2\n"
                        "dense name=fc out=4\n",
                    "tiny.net"));
  network.initialize(3);
  return network;
}

void train(nn::Network& network, const data::ImageSource& source, bool against_pgd, int64_t steps) {
  const Victim victim(network, grey(), "tiny");
  const ReportImages images(source, grey(), 64);
  nn::Optimizer optimizer(network.parameters(), {nn::OptimizerKind::kAdam});
  AttackConfig pgd = named_attack("pgd", kEpsilon);
  pgd.steps = 4;
  for (int64_t step = 0; step < steps; ++step) {
    std::vector<int64_t> items;
    for (int64_t i = 0; i < 64; ++i) items.push_back((step * 64 + i) % source.size());
    const AttackBatch batch = images.load(items);
    pgd.seed = static_cast<uint64_t>(step) + 1;
    const Tensor x = against_pgd ? run_attack(victim, batch, pgd).adversarial : batch.x;
    backward(ops::softmax_cross_entropy(
        victim.logits(Var(x), nn::PassContext::training(1, static_cast<uint64_t>(step))), batch.labels));
    optimizer.step(step < steps / 2 ? 2e-3 : 5e-4);
  }
}

void scale_logits(nn::Network& network, float factor) {
  for (nn::Parameter* parameter : network.parameters()) {
    if (parameter->layer != "fc") continue;
    for (float& value : parameter->var.mutable_value().span<float>()) value *= factor;
  }
}

ReportEffort small_effort() {
  ReportEffort effort;
  effort.attacks = report_attacks();
  effort.steps = 10;
  effort.strong_steps = 20;
  effort.queries = 100;
  effort.curve = {kEpsilon / 2, kEpsilon, 2 * kEpsilon};
  return effort;
}

struct Data {
  data::ImageSource training = data::ImageSource::from_pixels(draw(0, kTrain));
  data::ImageSource test = data::ImageSource::from_pixels(draw(kTrain, kTest));
};

// Trained once for all cases.
struct Fixture {
  Fixture() {
    train(plain, data.training, false, 150);
    train(robust, data.training, true, 250);
  }
  Data data;
  ReportImages images{data.test, grey(), 128};
  nn::Network plain = build(), robust = build();
  Victim plain_victim{plain, grey(), "plain"}, robust_victim{robust, grey(), "robust"};
};

const Fixture& fixture() {
  static const Fixture made;
  return made;
}

std::string listing(const std::vector<Check>& checks) {
  std::string out;
  for (const Check& c : checks)
    out += fmt::format("{} {} {} {}\n", c.id, c.first.value_or(-1), c.second.value_or(-1),
                       c.suspicious ? "suspicious" : "ok");
  return out;
}

bool has(const std::vector<std::string>& ids, const std::string& id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

}  // namespace

TEST_CASE("measure: plain training falls, PGD training stands, and its report is honest") {
  const Fixture& f = fixture();
  const ReportEffort effort = small_effort();
  const ModelReport weak = measure(f.plain_victim, nullptr, f.images, effort);
  ModelReport strong = measure(f.robust_victim, nullptr, f.images, effort);
  add_transfer(strong, transfer_rows(f.plain_victim, f.images, effort, {{"robust", &f.robust_victim, &f.images}})[0]);

  CHECK(weak.at(kCleanRow).accuracy() >= 0.85);
  CHECK(weak.worst()->accuracy() <= 0.1);
  CHECK(strong.worst()->accuracy() >= 0.6);
  CHECK(strong.worst()->accuracy() <= strong.gradient_attacks()->accuracy());
  CHECK(strong.at(kTransferRow).accuracy() >= strong.gradient_attacks()->accuracy());
  CHECK(strong.curve.front().accuracy() == strong.at(kCleanRow).accuracy());
  CHECK(strong.curve.back().accuracy() <= strong.curve.front().accuracy());
  const auto checks = masking_checks(strong);
  INFO(listing(checks));
  CHECK(suspicious_ids(checks).empty());
}

TEST_CASE("measure: logits times 1000 hide the gradient from cross-entropy, and are found out") {
  const Fixture& f = fixture();
  nn::Network network = build();
  network.import_arrays(f.plain.export_arrays(), "plain");
  scale_logits(network, 1000);
  const Victim victim(network, grey(), "masked");
  const ModelReport masked = measure(victim, nullptr, f.images, small_effort());
  const auto checks = masking_checks(masked);
  INFO(listing(checks));
  CHECK(masked.at(kCleanRow).correct == clean_row(f.plain_victim, f.images).correct);
  CHECK(has(suspicious_ids(checks), "D8"));
}

TEST_CASE("measure: the batch size changes nothing") {
  const Fixture& f = fixture();
  ReportEffort effort = small_effort();
  effort.attacks = {kNoiseRow, kFgsmRow, kPgdRow, kSquareRow};
  effort.checks = false;
  effort.curve = {};
  const ModelReport a = measure(f.robust_victim, nullptr, f.images, effort);
  const ModelReport b = measure(f.robust_victim, nullptr, ReportImages(f.data.test, grey(), 37), effort);
  REQUIRE(a.rows.size() == b.rows.size());
  for (size_t i = 0; i < a.rows.size(); ++i) CHECK(a.rows[i].correct == b.rows[i].correct);
}

TEST_CASE("measure: a quantised input layer is found out") {
  // Each pixel becomes a sigmoid so steep that its slope underflows: 0 or 1, and no gradient.
  const Fixture& f = fixture();
  nn::Network network = build("conv name=quantise out=1 kernel=1\nsigmoid name=step\n");
  for (nn::Parameter* parameter : network.parameters()) {
    if (parameter->layer != "quantise") continue;
    parameter->var.mutable_value().fill(parameter->name == "weight" ? 20000 : 156);
    parameter->var.set_needs_grad(false);
  }
  train(network, f.data.training, false, 100);
  const Victim victim(network, grey(), "masked");
  const auto checks = masking_checks(measure(victim, nullptr, f.images, small_effort()));
  INFO(listing(checks));
  const auto ids = suspicious_ids(checks);
  CHECK((has(ids, "D1") || has(ids, "D5") || has(ids, "D8")));
}

// Two classes, pixels near the middle: no clipping, and PGD's step is exact.
TEST_CASE("measure: the smallest epsilon of a linear model is its distance from the border, |z1 - z0| / |w1 - w0|_1") {
  nn::Network network(
      nn::parse_net("fovea-net 1\ninput name=data height=16 width=16 channels=1 mean=0 std=255\ndense name=fc out=2\n",
                    "linear.net"));
  network.initialize(5);
  data::PixelSet set{24, kSide, kSide, 1, {}, {}, {"a", "b"}};
  Rng rng(4, RngPurpose::kTest);
  for (int64_t i = 0; i < 24 * kSide * kSide; ++i) set.pixels.push_back(static_cast<uint8_t>(100 + rng.below(50)));
  set.labels.assign(24, 0);
  data::Preprocess plain = grey();
  plain.mean = {0};
  plain.stddev = {255};
  const Victim victim(network, plain, "linear");
  {
    const data::ImageSource unlabelled = data::ImageSource::from_pixels(set);
    std::vector<int64_t> all(24);
    std::iota(all.begin(), all.end(), 0);
    const auto answers = predictions(victim.logits(ReportImages(unlabelled, plain, 24).load(all).x));
    for (size_t i = 0; i < 24; ++i) set.labels[i] = i < 20 ? answers[i] : 1 - answers[i];  // the last four are wrong
  }
  const data::ImageSource source = data::ImageSource::from_pixels(set);
  const ReportImages images(source, plain, 7);
  ReportEffort effort;
  effort.checks = false;
  effort.smallest = true;
  effort.steps = 10;
  const ModelReport report = measure(victim, nullptr, images, effort);
  REQUIRE(report.smallest.has_value());
  const float* w = network.parameters()[0]->var.value().data<float>();
  double l1 = 0;
  for (int64_t i = 0; i < kSide * kSide; ++i) l1 += std::abs(static_cast<double>(w[kSide * kSide + i] - w[i]));
  for (int64_t i = 0; i < 24; ++i) {
    const double radius = report.smallest->radius[static_cast<size_t>(i)];
    if (i >= 20) {
      CHECK(radius == 0);
      continue;
    }
    const Tensor z = victim.logits(images.load({i}).x);
    const double exact = std::abs(z.at(1) - z.at(0)) / l1;
    CAPTURE(i);
    CHECK(radius > exact - 1e-6);
    CHECK(radius < exact + 1.0 / 256 + 1e-6);
  }
  CHECK(report.smallest->share_unfooled() == 0);
  CHECK(report.smallest->quantile(0) == 0);
}

TEST_CASE("loss surface: the middle is the picture's own loss; it rises along the gradient") {
  const Fixture& f = fixture();
  const auto surfaces = loss_surfaces(f.robust_victim, f.images, ops::Norm::kLinf, kEpsilon, 2, 1);
  REQUIRE(surfaces.size() == 2);
  for (const LossSurface& surface : surfaces) {
    REQUIRE(surface.loss.size() == static_cast<size_t>(LossSurface::kSide * LossSurface::kSide));
    const AttackBatch one = f.images.load({surface.item});
    const auto own = f.robust_victim.gradient(one.x, one.labels, ops::LogitLoss::kCrossEntropy).losses.at(0);
    const size_t middle = surface.loss.size() / 2;
    CHECK(surface.loss[middle] == doctest::Approx(own).epsilon(1e-5));
    CHECK(surface.loss[middle + LossSurface::kSide / 2] > surface.loss[middle - LossSurface::kSide / 2]);
  }
}

TEST_CASE("measure: images without labels can't be attacked") {
  data::PixelSet set = draw(0, 4);
  set.labels[2] = -1;
  const data::ImageSource source = data::ImageSource::from_pixels(set);
  CHECK_THROWS_AS(ReportImages(source, grey(), 2), Error);
}
