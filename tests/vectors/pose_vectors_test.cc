// The published check data of the pose system, tests/vectors/pose/: written by independent Python in double precision.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "autograd/ops/arithmetic.h"
#include "autograd/ops/spatial.h"
#include "eval/pose.h"
#include "nn/net_text.h"
#include "nn/network.h"
#include "systems/pose/detector_net.h"
#include "systems/pose/displacements.h"
#include "systems/pose/heat_maps.h"
#include "tensor/kernels/contrast_norm.h"
#include "vectors/vectors.h"

namespace fovea {
namespace {

using nlohmann::json;
using vectors::nhwc;
using vectors::tensor;

// Largest |a - b| over the largest |b|.
double relative_difference(const Tensor& a, const Tensor& b) {
  REQUIRE(a.count() == b.count());
  double worst = 0, size = 1e-300;
  for (int64_t i = 0; i < a.count(); ++i) {
    worst = std::max(worst, std::abs(a.at(i) - b.at(i)));
    size = std::max(size, std::abs(b.at(i)));
    if (std::isnan(a.at(i))) worst = 1e300;
  }
  return worst / size;
}

void check_spatial(const json& item, DType dtype, ops::SpatialForm form, double tolerance) {
  const Var e(nhwc(item["e"]).to(dtype), true), kernel(tensor(item["kernel"]).to(dtype), true),
      bias(tensor(item["bias"]).to(dtype), true);
  const Var out = ops::spatial_model(e, kernel, bias, {.beta = item["beta"], .eps = item["epsilon"], .form = form});
  CHECK(relative_difference(out.value(), nhwc(item["out"])) < tolerance);
  backward(out, nhwc(item["upstream"]).to(dtype));
  const json& expected = item["grad_of_sum_upstream_times_out"];
  CHECK(relative_difference(e.grad(), nhwc(expected["e"])) < tolerance);
  CHECK(relative_difference(kernel.grad(), tensor(expected["kernel"])) < tolerance);
  CHECK(relative_difference(bias.grad(), tensor(expected["bias"])) < tolerance);
}

TEST_CASE("pose vectors: spatial model and its gradients, by definition and by transforms") {
  const json file = vectors::load("pose/spatial_model.json");
  for (const json& item : file["cases"]) {
    check_spatial(item, DType::kF64, ops::SpatialForm::kDirect, 1e-10);
    check_spatial(item, DType::kF32, ops::SpatialForm::kDirect, 2e-5);
    check_spatial(item, DType::kF32, ops::SpatialForm::kFft, 2e-5);
  }
}

TEST_CASE("pose vectors: gradients of the squared error through the spatial model") {
  const json file = vectors::load("pose/spatial_model.json");
  for (const json& item : file["cases"]) {
    const Var e(nhwc(item["e"]), true), kernel(tensor(item["kernel"]), true), bias(tensor(item["bias"]), true);
    const Var out = ops::spatial_model(e, kernel, bias, {.beta = item["beta"], .eps = item["epsilon"]});
    const Var error = ops::subtract(out, Var(nhwc(item["target"])));
    const double maps = item["shape"]["N"].get<double>() * item["shape"]["A"].get<double>();
    const Var loss = ops::scale(ops::sum(ops::multiply(error, error)), 0.5 / maps);
    CHECK(std::abs(loss.value().item() - item["loss"].get<double>()) < 1e-10);
    backward(loss);
    CHECK(relative_difference(e.grad(), nhwc(item["grad_of_loss"]["e"])) < 1e-10);
    CHECK(relative_difference(kernel.grad(), tensor(item["grad_of_loss"]["kernel"])) < 1e-10);
    CHECK(relative_difference(bias.grad(), tensor(item["grad_of_loss"]["bias"])) < 1e-10);
  }
}

// Spikes at (2,1) and (3,3), kernels with their mass at the displacements between them: a correlation would miss.
TEST_CASE("pose vectors: the spatial model convolves") {
  const json expected = vectors::load("pose/spatial_direction.json");
  for (const auto form : {ops::SpatialForm::kDirect, ops::SpatialForm::kFft}) {
    Tensor e = Tensor::zeros({1, 5, 5, 2}), kernel = Tensor::full({2, 2, 5, 5}, -40);
    e.data<float>()[(2 * 5 + 1) * 2] = 1;
    e.data<float>()[(3 * 5 + 3) * 2 + 1] = 1;
    const auto set = [&](int64_t a, int64_t v, int64_t dy, int64_t dx) {
      kernel.data<float>()[((a * 2 + v) * 5 + dy + 2) * 5 + dx + 2] = 5;
    };
    set(1, 0, 1, 2);
    set(0, 0, 0, 0);
    set(1, 1, 0, 0);
    set(0, 1, -1, -2);
    const Var out = ops::spatial_model(Var(e), Var(kernel), Var(Tensor::full({2, 2}, -3)), {.eps = 1e-9, .form = form});
    CHECK(relative_difference(out.value(), nhwc(expected["out"])) < 2e-5);
    for (int64_t a = 0; a < 2; ++a) {
      int64_t best = 0;
      for (int64_t i = 0; i < 25; ++i) best = out.value().at(i * 2 + a) > out.value().at(best * 2 + a) ? i : best;
      CHECK(best == expected["argmax"][a][0].get<int64_t>() * 5 + expected["argmax"][a][1].get<int64_t>());
    }
  }
}

TEST_CASE("pose vectors: local contrast normalisation, with and without the mean as floor") {
  const json item = vectors::load("pose/lcn.json");
  json batch = json::array({item["image_u8"]});
  Tensor x = nhwc(batch);
  for (double& value : x.span<double>()) value /= 255;
  const Tensor expected = nhwc(json::array({item["out"]})), constant = nhwc(json::array({item["out_no_mean_floor"]}));
  CHECK(relative_difference(kernels::contrast_norm(x, {}), expected) < 1e-10);
  CHECK(relative_difference(kernels::contrast_norm(x, {.mean_floor = false}), constant) < 1e-10);
  CHECK(relative_difference(kernels::contrast_norm(x.to(DType::kF32), {}), expected) < 2e-5);
}

TEST_CASE("pose vectors: Gaussian targets and how they are read") {
  const json item = vectors::load("pose/gaussian_target.json");
  const double sigma = item["sigma"];
  for (size_t j = 0; j < item["joints"].size(); ++j) {
    std::vector<double> map(80);
    pose::draw_gaussian(pose::cell_of_pixel(item["joints"][j]["X"]), pose::cell_of_pixel(item["joints"][j]["Y"]), sigma,
                        8, 10, 1, map.data());
    const Tensor found = Tensor::from<double>({8, 10}, map);
    CHECK(relative_difference(found, tensor(item["maps"][j])) < 1e-10);
    if (j >= item["decode"].size()) continue;
    const json& decoded = item["decode"][j];
    const pose::Peak peak = pose::find_peak(map.data(), 8, 10, 1, pose::Refine::kLogParabola);
    CHECK(peak.cell_y == decoded["argmax"][0].get<int64_t>());
    CHECK(peak.cell_x == decoded["argmax"][1].get<int64_t>());
    CHECK(std::abs(pose::pixel_of_cell(peak.x) - decoded["refined_pixel_XY"][0].get<double>()) < 1e-9);
    CHECK(std::abs(pose::pixel_of_cell(peak.y) - decoded["refined_pixel_XY"][1].get<double>()) < 1e-9);
    CHECK(std::abs(peak.score - decoded["score"].get<double>()) < 1e-12);
  }
}

TEST_CASE("pose vectors: kernels from displacements") {
  const json item = vectors::load("pose/displacement_init.json");
  pose::PartPositions positions;
  positions.parts = 3;
  for (const json& person : item["annotations_cell_xy"]) {
    for (const json& joint : person) {
      for (int axis = 0; axis < 2; ++axis)
        positions.xy.push_back(joint.is_null() ? NAN : joint[static_cast<size_t>(axis)].get<double>());
    }
  }
  pose::DisplacementConfig config;
  config.radius = item["R"];
  config.height = item["map"][0];
  config.width = item["map"][1];
  const auto priors = pose::displacement_priors(positions, 3, config);
  const auto same = [&](const std::vector<double>& found, const char* name) {
    const Tensor expected = tensor(item[name]);
    return relative_difference(Tensor::from<double>({static_cast<int64_t>(found.size())}, found), expected) < 1e-10;
  };
  CHECK(same(priors.counts, "counts"));
  CHECK(same(priors.smooth, "smooth"));
  CHECK(same(priors.prior, "prior"));
  CHECK(same(priors.scale, "scale"));
  std::vector<double> energy;
  for (size_t i = 0; i < priors.prior.size(); ++i) energy.push_back(priors.energy(static_cast<int64_t>(i)));
  CHECK(same(energy, "energy"));
  CHECK(same({priors.used.begin(), priors.used.end()}, "used"));
  CHECK(same({priors.dropped.begin(), priors.dropped.end()}, "dropped"));
}

eval::PosePairs metric_pairs(const json& item) {
  eval::PosePairs pairs;
  pairs.joints = static_cast<int64_t>(item["joints"].size());
  const auto read = [](const json& people, std::vector<double>& out) {
    for (const json& person : people) {
      for (const json& joint : person) {
        for (size_t axis = 0; axis < 2; ++axis) out.push_back(joint.is_null() ? NAN : joint[axis].get<double>());
      }
    }
  };
  read(item["ground_truth"], pairs.truth);
  read(item["prediction"], pairs.predicted);
  return pairs;
}

int64_t index_in(const json& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) - names.begin();
}

TEST_CASE("pose vectors: detection rates, areas, PCK, PCKh") {
  const json item = vectors::load("pose/metrics.json");
  const eval::PosePairs pairs = metric_pairs(item);
  const auto distances = eval::joint_distances(pairs);
  const auto torso = eval::joint_spans(pairs, index_in(item["joints"], "lsho"), index_in(item["joints"], "rhip"));
  const auto by_torso = eval::normalized(distances, torso, pairs.joints);
  std::vector<int64_t> all(static_cast<size_t>(pairs.joints));
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int64_t>(i);
  for (const auto& [name, expected] : item["detection_rate"].items()) {
    const auto which = name == "all" ? all : std::vector<int64_t>{index_in(item["joints"], name)};
    std::vector<double> x, y;
    for (size_t i = 0; i < expected.size(); ++i) {
      const double radius = item["radii"][i];
      const double rate = 100 * eval::share_within(by_torso, pairs.joints, which, radius / 100).value();
      CHECK(std::abs(rate - expected[i].get<double>()) < 1e-9);
      if (radius >= 1 && radius <= 20) x.push_back(radius), y.push_back(rate);
    }
    CHECK(std::abs(eval::area_under(x, y) - item["auc"][name].get<double>()) < 1e-9);
  }
  std::vector<double> heads;
  for (const json& box : item["headbox_x1y1x2y2"]) heads.insert(heads.end(), box.begin(), box.end());
  const auto by_box = eval::normalized(distances, eval::box_sides(pairs), pairs.joints);
  const auto by_head = eval::normalized(distances, eval::head_sizes(heads), pairs.joints);
  for (const auto& [name, expected] : item["pck_bbox_0_1"].items()) {
    const std::vector<int64_t> which{index_in(item["joints"], name)};
    CHECK(std::abs(100 * eval::share_within(by_box, pairs.joints, which, 0.1).value() - expected.get<double>()) < 1e-9);
    CHECK(std::abs(100 * eval::share_within(by_head, pairs.joints, which, 0.5).value() -
                   item["pckh_0_5"][name].get<double>()) < 1e-9);
  }
}

TEST_CASE("pose vectors: strict and loose PCP") {
  const json item = vectors::load("pose/metrics.json");
  const eval::PosePairs pairs = metric_pairs(item);
  for (const auto& [name, expected] : item["pcp_0_5"].items()) {
    const auto dash = name.find('-');
    const std::pair<int64_t, int64_t> limb{index_in(item["joints"], name.substr(0, dash)),
                                           index_in(item["joints"], name.substr(dash + 1))};
    CHECK(std::abs(100 * eval::correct_parts(pairs, {&limb, 1}, 0.5, true).value() - expected["strict"].get<double>()) <
          1e-9);
    CHECK(std::abs(100 * eval::correct_parts(pairs, {&limb, 1}, 0.5, false).value() -
                   expected["mean_of_endpoints"].get<double>()) < 1e-9);
  }
}

nn::Array filled(const std::string& layer, const std::string& name, Shape shape, int salt, double gain) {
  nn::Array array{layer, name, shape, {}};
  for (int64_t n = 0; n < shape.count(); ++n)
    array.values.push_back(static_cast<float>(gain * std::sin(1 + 0.7 * static_cast<double>(n) + 1.3 * salt)));
  return array;
}

// The shipped text with the vector's tiny channel counts, its weights, and no contrast normalisation.
nn::Network tiny_detector(const std::string& merge, const std::string& coarse) {
  const std::string path = source_path("share/models/pose-detector.net");
  std::ifstream file(path);
  nn::NetText text = nn::parse_net(std::string(std::istreambuf_iterator<char>(file), {}), path);
  pose::DetectorVariant variant;
  variant.height = 16;
  variant.width = 24;
  variant.joints = 2;
  variant.merge = merge;
  variant.coarse = coarse;
  variant.dropout = 0;
  text = pose::detector_net(text, variant);
  for (auto& line : text.layers) {
    if (line.kind == "lcn") line = {"dropout", line.name, line.inputs, {{"rate", "0"}}, line.line};  // passes all
    if (line.kind == "conv")
      line.set("out", line.name.ends_with("conv4") ? "3" : line.name == "head/conv1" ? "4" : "2");
  }
  nn::Network network(text, DType::kF64);
  std::vector<nn::Array> arrays;
  int salt = 0;
  for (const char* bank : {"fine", "coarse"}) {
    const std::string name = bank;
    arrays.push_back(filled(name + "/conv1", "weight", {2, 3, 5, 5}, salt + 1, 0.3));
    arrays.push_back(filled(name + "/conv1", "bias", {2}, salt + 2, 0.1));
    arrays.push_back(filled(name + "/conv2", "weight", {2, 2, 5, 5}, salt + 3, 0.3));
    arrays.push_back(filled(name + "/conv2", "bias", {2}, salt + 4, 0.1));
    arrays.push_back(filled(name + "/conv3", "weight", {2, 2, 5, 5}, salt + 5, 0.3));
    arrays.push_back(filled(name + "/conv3", "bias", {2}, salt + 6, 0.1));
    arrays.push_back(filled(name + "/conv4", "weight", {3, 2, 9, 9}, salt + 7, 0.2));
    arrays.push_back(filled(name + "/conv4", "bias", {3}, salt + 8, 0.1));
    salt += 10;
  }
  arrays.push_back(filled("head/conv1", "weight", {4, 3, 1, 1}, 31, 0.5));
  arrays.push_back(filled("head/conv1", "bias", {4}, 32, 0.1));
  arrays.push_back(filled("head/conv2", "weight", {2, 4, 1, 1}, 33, 0.5));
  arrays.push_back(filled("head/conv2", "bias", {2}, 34, 0.1));
  network.import_arrays(arrays, "vector");
  return network;
}

// Weights pass through files' float32, hence the tolerance.
TEST_CASE("pose vectors: the part detector's banks and merges") {
  const json item = vectors::load("pose/part_detector.json");
  const nn::Array picture = filled("", "", {3, 16, 24}, 41, 1);
  Tensor x = Tensor::empty({1, 16, 24, 3}, DType::kF64);
  for (int64_t i = 0; i < 16 * 24; ++i) {
    for (int64_t c = 0; c < 3; ++c)
      x.data<double>()[i * 3 + c] = std::sin(1 + 0.7 * static_cast<double>(c * 16 * 24 + i) + 1.3 * 41);
  }
  const auto expect = [&](const char* merge, const char* coarse, const char* layer, const char* name) {
    nn::Network network = tiny_detector(merge, coarse);
    const Var out = layer[0] == '\0' ? network.forward(Var(x), {}) : network.forward_to(layer, Var(x), {});
    CHECK(relative_difference(out.value(), nhwc(json::array({item[name]}))) < 1e-6);
  };
  expect("relu-sum", "replicate", "fine/relu4", "fine");
  expect("relu-sum", "replicate", "coarse/relu4", "coarse");
  expect("relu-sum", "interleave", "coarse/relu4", "interleaved");
  expect("relu-sum", "replicate", "", "out_replicate");
  expect("relu-sum", "interleave", "", "out_interleave");
  expect("sum-relu", "replicate", "", "out_sum_then_relu");
}

TEST_CASE("pose vectors: shapes of one axis from picture to map") {
  const json item = vectors::load("pose/part_detector.json");
  for (const auto& [extent, chain] : item["shape_chain"].items()) {
    const auto& extent_ = extent;  // clang 14 captures no structured bindings
    CAPTURE(extent_);
    const int64_t side = std::stoll(extent);
    const std::string path = source_path("share/models/pose-detector-1.net");
    std::ifstream file(path);
    const nn::NetText text = nn::parse_net(std::string(std::istreambuf_iterator<char>(file), {}), path);
    pose::DetectorVariant variant;
    variant.height = variant.width = side;
    variant.channel_share = 0.01;
    const nn::Network network(pose::detector_net(text, variant));
    const std::pair<const char*, size_t> layers[] = {{"fine/conv1", 2}, {"fine/pool1", 3}, {"fine/conv2", 4},
                                                     {"fine/pool2", 5}, {"fine/conv3", 6}, {"fine/conv4", 7}};
    for (const auto& [layer, at] : layers) CHECK(network.shape_of(layer).shape[0] == chain[at].get<int64_t>());
  }
}

}  // namespace
}  // namespace fovea
