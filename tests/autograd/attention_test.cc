// Recurrence, attention and their losses against the vectors, and hard attention against enumeration.
#include "autograd/ops/attention.h"

#include <doctest/doctest.h>

#include <cmath>

#include "autograd/ops/arithmetic.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/shape.h"
#include "base/rng.h"
#include "systems/caption_vectors.h"
#include "tensor/kernels/attention.h"
#include "tensor/kernels/dispatch.h"
#include "tensor/kernels/packed_product.h"

using namespace fovea;
using fovea::testing::caption_vector;
using fovea::testing::largest_difference;
using fovea::testing::to_tensor;
using fovea::testing::transposed;

namespace {

Var leaf(const Tensor& value) { return Var(value, true); }

TEST_CASE("attention_lstm: the step of lstm_cell.json") {
  const io::Json json = caption_vector("lstm_cell");
  const io::Json &p = json["params"], &x = json["inputs"], &g = json["grads"];
  // [U; C] side by side, and z as a single place without scores.
  const Tensor u = transposed(to_tensor(p["U"])), c = transposed(to_tensor(p["C"]));
  Tensor both = Tensor::empty({16, 9}, DType::kF64);
  for (int64_t r = 0; r < 16; ++r) {
    for (int64_t k = 0; k < 9; ++k) both.data<double>()[r * 9 + k] = k < 4 ? u.at(r * 4 + k) : c.at(r * 5 + k - 4);
  }
  ops::AttentionLstmInputs in;
  in.x = leaf(to_tensor(x["x"]));
  in.h0 = leaf(to_tensor(x["h"]));
  in.c0 = leaf(to_tensor(x["c"]));
  in.input_weight = leaf(transposed(to_tensor(p["W"])));
  in.recurrent_weight = leaf(both);
  in.bias = leaf(to_tensor(p["b"]));
  in.annotations = leaf(to_tensor(x["z"]).reshape({2, 1, 5}));
  ops::PackedSteps one;
  one.active = {2};
  const ops::AttentionLstmOutputs out = ops::attention_lstm(in, one);
  CHECK(largest_difference(out.h.value(), to_tensor(json["outputs"]["h_next"])) < 1e-12);
  CHECK(largest_difference(out.c, to_tensor(json["outputs"]["c_next"])) < 1e-12);
  // The vector's loss has a term in c as well; h alone is compared against a numerical derivative of the same op below,
  // so here c's part is taken out: run with dc = 0 and with the cell's own formula added.
  backward(out.h, to_tensor(json["upstream"]["dh"]));
  // dc enters linearly: the part of c_next, d/dq = dc * (slopes), from the same gates.
  const Tensor q = to_tensor(json["outputs"]["preactivation"]), dc = to_tensor(json["upstream"]["dc"]),
               before = to_tensor(x["c"]);
  Tensor dq = Tensor::zeros({2, 16}, DType::kF64), dbefore = Tensor::zeros({2, 4}, DType::kF64);
  const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
  for (int64_t b = 0; b < 2; ++b) {
    for (int64_t j = 0; j < 4; ++j) {
      const double i = sigmoid(q.at(b * 16 + j)), f = sigmoid(q.at(b * 16 + 4 + j)),
                   cand = std::tanh(q.at(b * 16 + 12 + j)), d = dc.at(b * 4 + j);
      dq.data<double>()[b * 16 + j] = d * cand * i * (1 - i);
      dq.data<double>()[b * 16 + 4 + j] = d * before.at(b * 4 + j) * f * (1 - f);
      dq.data<double>()[b * 16 + 12 + j] = d * i * (1 - cand * cand);
      dbefore.data<double>()[b * 4 + j] = d * f;
    }
  }
  const auto add_product = [&](Tensor grad, const Tensor& left, const Tensor& right) {  // += left^T right
    for (int64_t r = 0; r < left.extent(1); ++r) {
      for (int64_t k = 0; k < right.extent(1); ++k) {
        for (int64_t b = 0; b < 2; ++b)
          grad.data<double>()[r * right.extent(1) + k] +=
              left.at(b * left.extent(1) + r) * right.at(b * right.extent(1) + k);
      }
    }
    return grad;
  };
  CHECK(largest_difference(add_product(in.input_weight.grad().clone(), dq, in.x.value()),
                           transposed(to_tensor(g["W"]))) < 1e-12);
  Tensor dcell = in.c0.grad().clone();
  for (int64_t i = 0; i < 8; ++i) dcell.data<double>()[i] += dbefore.at(i);
  CHECK(largest_difference(dcell, to_tensor(g["c"])) < 1e-12);
}

// One step of attention through the whole op: h0 is the query, the LSTM's own weights are zero.
void check_soft(const io::Json& one, DType dtype, double tolerance) {
  const io::Json &p = one["params"], &x = one["inputs"], &g = one["grads"];
  const int64_t layers = one["layers"].get<int64_t>();
  const bool gate = one["gate"].get<bool>();
  const Tensor a = to_tensor(x["annotations"], dtype);
  const int64_t batch = a.extent(0), places = a.extent(1), d = a.extent(2), n = one["dims"]["hidden"].get<int64_t>();
  const Var annotations = leaf(a), h = leaf(to_tensor(x["h"], dtype));
  std::vector<Var> weights, biases;
  for (int64_t i = 0; i < layers; ++i) {
    const std::string suffix = i == 0 ? "" : std::to_string(i);
    weights.push_back(leaf(transposed(to_tensor(p["Wa" + suffix], dtype))));
    biases.push_back(leaf(to_tensor(p["ba" + suffix], dtype)));
  }
  ops::AttentionLstmInputs in;
  in.h0 = h;
  in.c0 = Var(Tensor::zeros({batch, n}, dtype));
  in.x = Var(Tensor::zeros({batch, 1}, dtype));
  in.input_weight = Var(Tensor::zeros({4 * n, 1}, dtype));
  in.recurrent_weight = Var(Tensor::zeros({4 * n, n + d}, dtype));
  in.bias = Var(Tensor::zeros({4 * n}, dtype));
  in.annotations = annotations;
  in.projected =
      ops::reshape(ops::attention_projection(ops::reshape(annotations, {batch * places, d}), weights, biases),
                   {batch, places, weights[0].extent(0)});
  in.query_weight = leaf(transposed(to_tensor(p["Wh"], dtype)));
  in.score_weight = leaf(to_tensor(p["v"], dtype).reshape({weights[0].extent(0)}));
  in.score_bias = leaf(to_tensor(p["cv"], dtype));
  if (gate) {
    in.gate_weight = leaf(transposed(to_tensor(p["Wb"], dtype)));
    in.gate_bias = leaf(to_tensor(p["bb"], dtype));
  }
  ops::PackedSteps step;
  step.active = {batch};
  const ops::AttentionLstmOutputs out = ops::attention_lstm(in, step);
  CHECK(largest_difference(out.scores.value(), to_tensor(one["outputs"]["scores"])) < tolerance);
  CHECK(largest_difference(out.alpha.value(), to_tensor(one["outputs"]["alpha"])) < tolerance);
  CHECK(largest_difference(out.context.value(), to_tensor(one["outputs"]["z"])) < tolerance);
  if (gate) CHECK(largest_difference(out.gate, to_tensor(one["outputs"]["beta"])) < tolerance);
  const Var loss = ops::add(ops::sum(ops::multiply(out.context, Var(to_tensor(one["upstream"]["dz"], dtype)))),
                            ops::sum(ops::multiply(out.alpha, Var(to_tensor(one["upstream"]["dalpha"], dtype)))));
  backward(loss);
  for (int64_t i = 0; i < layers; ++i) {
    const std::string suffix = i == 0 ? "" : std::to_string(i);
    CHECK(largest_difference(weights[static_cast<size_t>(i)].grad(), transposed(to_tensor(g["Wa" + suffix]))) <
          tolerance);
    CHECK(largest_difference(biases[static_cast<size_t>(i)].grad(), to_tensor(g["ba" + suffix])) < tolerance);
  }
  CHECK(largest_difference(in.query_weight.grad(), transposed(to_tensor(g["Wh"]))) < tolerance);
  CHECK(largest_difference(in.score_weight.grad(), to_tensor(g["v"])) < tolerance);
  CHECK(largest_difference(in.score_bias.grad(), to_tensor(g["cv"])) < tolerance);
  CHECK(largest_difference(annotations.grad(), to_tensor(g["annotations"])) < tolerance);
  CHECK(largest_difference(h.grad(), to_tensor(g["h"])) < tolerance);
  if (gate) CHECK(largest_difference(in.gate_weight.grad(), transposed(to_tensor(g["Wb"]))) < tolerance);
}

TEST_CASE("attention_lstm: the cases of attention_soft.json, f64, f32 and f32 on the reference") {
  const io::Json file = caption_vector("attention_soft");
  for (const io::Json& one : file["cases"]) {
    CAPTURE(one["name"].get<std::string>());
    check_soft(one, DType::kF64, 1e-12);
    check_soft(one, DType::kF32, 1e-6);
    kernels::use_reference(true);
    check_soft(one, DType::kF32, 1e-6);
    kernels::use_reference(false);
  }
}

TEST_CASE("doubly_stochastic_penalty: masked and unmasked rows of the vector") {
  const io::Json json = caption_vector("doubly_stochastic");
  const Tensor all = to_tensor(json["alpha"]);  // [4,2,3]
  for (const io::Json& one : json["cases"]) {
    ops::PackedSteps steps;
    std::vector<double> rows, expected;
    const Tensor gradient = to_tensor(one["grad_alpha"]);
    for (size_t t = 0; t < 4; ++t) {
      int64_t active = 0;
      for (size_t b = 0; b < 2; ++b) {
        if (one["mask"][t][b].get<double>() == 0) continue;
        ++active;
        for (int64_t l = 0; l < 3; ++l) {
          const int64_t at = (static_cast<int64_t>(t) * 2 + static_cast<int64_t>(b)) * 3 + l;
          rows.push_back(all.at(at));
          expected.push_back(gradient.at(at));
        }
      }
      steps.active.push_back(active);
    }
    const Var alpha = leaf(Tensor::from<double>({steps.rows(), 3}, rows));
    std::vector<double> each;
    const Var penalty =
        ops::scale(ops::doubly_stochastic_penalty(alpha, steps, 1, &each), one["lambda_"].get<double>());
    CHECK(std::abs(penalty.value().item() - one["penalty"].get<double>()) < 1e-12);
    for (size_t b = 0; b < 2; ++b) CHECK(std::abs(each[b] - one["per_sample"][b].get<double>()) < 1e-12);
    backward(penalty);
    CHECK(largest_difference(alpha.grad(), Tensor::from<double>({steps.rows(), 3}, expected)) < 1e-12);
  }
}

TEST_CASE("hard_attention_loss: the closed form of the vector") {
  const io::Json json = caption_vector("attention_hard");
  ops::PackedSteps steps;
  steps.active = {2, 2, 2};
  const Var scores = leaf(to_tensor(json["scores"]).reshape({6, 4}));
  std::vector<int32_t> places;
  for (const io::Json& step : json["samples"]) {
    for (const io::Json& place : step) places.push_back(place.get<int32_t>());
  }
  const double baseline = json["baseline"].get<double>();
  ops::HardAttentionTerms terms{
      {json["log_likelihood"][0].get<double>() - baseline, json["log_likelihood"][1].get<double>() - baseline},
      json["lambda_r"].get<double>(),
      json["lambda_e"].get<double>()};
  const Var loss = ops::hard_attention_loss(scores, steps, places, terms);
  CHECK(std::abs(loss.value().item() - json["loss"].get<double>()) < 1e-12);
  backward(loss);
  CHECK(largest_difference(scores.grad(), to_tensor(json["grad_scores"])) < 1e-12);
}

// log p(y | s) as a table over the nine places of T = 2, L = 3; scores of the second step depend on the first place.
struct Toy {
  double first[3] = {0.3, -0.7, 0.5}, second[3][3] = {{0.2, 0.9, -0.4}, {-0.3, 0.1, 0.8}, {0.6, -0.5, 0.0}};
  double log_p[3][3] = {{-1.0, -2.5, -0.7}, {-3.0, -0.2, -1.4}, {-0.9, -1.1, -2.2}};
};

void softmax3(const double* e, double* p) {
  double total = 0;
  for (int l = 0; l < 3; ++l) total += p[l] = std::exp(e[l]);
  for (int l = 0; l < 3; ++l) p[l] /= total;
}

TEST_CASE(
    "hard attention: the estimator's mean over 1e5 samples is the gradient of the bound, within 4 standard errors") {
  const Toy toy;
  double first[3], second[3][3];
  softmax3(toy.first, first);
  for (int s = 0; s < 3; ++s) softmax3(toy.second[s], second[s]);
  // L_s = sum p(s) log p(y|s), by enumeration; d/de of a softmax weighted sum.
  double exact[12] = {}, value[3];
  for (int s = 0; s < 3; ++s) {
    value[s] = 0;
    for (int u = 0; u < 3; ++u) value[s] += second[s][u] * toy.log_p[s][u];
  }
  const double mean = first[0] * value[0] + first[1] * value[1] + first[2] * value[2];
  for (int s = 0; s < 3; ++s) {
    exact[s] = first[s] * (value[s] - mean);
    for (int u = 0; u < 3; ++u) exact[3 + s * 3 + u] = first[s] * second[s][u] * (toy.log_p[s][u] - value[s]);
  }
  constexpr int kSamples = 100000;
  double sum[12] = {}, squares[12] = {};
  ops::PackedSteps steps;
  steps.active = {1, 1};
  for (int i = 0; i < kSamples; ++i) {
    Rng rng(5, RngPurpose::kTest, 0, static_cast<uint64_t>(i));
    const auto draw = [&](const double* p) {
      const double u = rng.uniform_double();
      return u < p[0] ? 0 : (u < p[0] + p[1] ? 1 : 2);
    };
    const int s = draw(first), u = draw(second[s]);
    std::vector<double> rows(toy.first, toy.first + 3);
    rows.insert(rows.end(), toy.second[s], toy.second[s] + 3);
    const Var scores = leaf(Tensor::from<double>({2, 3}, rows));
    constexpr double kBaseline = -1.3;  // any constant: the mean must not depend on it
    backward(ops::hard_attention_loss(scores, steps, {s, u}, {{toy.log_p[s][u] - kBaseline}, 1, 0}));
    double sample[12] = {};
    for (int l = 0; l < 3; ++l) {
      sample[l] = -scores.grad().at(l);
      sample[3 + s * 3 + l] = -scores.grad().at(3 + l);
    }
    for (int k = 0; k < 12; ++k) sum[k] += sample[k], squares[k] += sample[k] * sample[k];
  }
  for (int k = 0; k < 12; ++k) {
    const double average = sum[k] / kSamples, error = std::sqrt((squares[k] / kSamples - average * average) / kSamples);
    CAPTURE(k);
    CHECK(std::abs(average - exact[k]) < 4 * error);
  }
}

TEST_CASE("attention scores: queries beyond the range of the product form") {
  for (const float size : {0.5F, 15.0F, 20.9F, 21.1F, 80.0F}) {
    Rng rng(9, RngPurpose::kTest);
    Tensor p = Tensor::empty({1, 7, 19}), v = Tensor::empty({19});
    std::vector<float> q(19), e(7);
    for (float& x : p.span<float>()) x = static_cast<float>(rng.uniform(-size, size));
    for (float& x : q) x = static_cast<float>(rng.uniform(-size, size));
    for (float& x : v.span<float>()) x = static_cast<float>(rng.uniform(-1, 1));
    kernels::AttentionScorer<float>(p, v, kernels::Unary::kTanh).scores(0, q.data(), e.data());
    for (int64_t l = 0; l < 7; ++l) {
      double expected = 0;
      for (int64_t k = 0; k < 19; ++k)
        expected += v.at(k) * std::tanh(p.at(l * 19 + k) + static_cast<double>(q[static_cast<size_t>(k)]));
      CHECK(std::abs(static_cast<double>(e[static_cast<size_t>(l)]) - expected) < 4e-6);
    }
  }
}

TEST_CASE("multiply_rows: agrees with plain sums, and a row does not depend on its neighbours") {
  Rng rng(4, RngPurpose::kTest);
  const int64_t k = 401, m = 53;
  Tensor w = Tensor::empty({m, k});
  for (float& value : w.span<float>()) value = static_cast<float>(rng.uniform(-1, 1));
  std::vector<float> x(static_cast<size_t>(200 * (k + 3))), y(static_cast<size_t>(200 * m)),
      one(static_cast<size_t>(m));
  for (float& value : x) value = static_cast<float>(rng.uniform(-1, 1));
  for (const int64_t rows : {1, 5, 13, 200}) {
    kernels::multiply_rows<float>({x.data(), rows, k + 3}, w, {y.data(), rows, m}, false);
    for (int64_t r = 0; r < rows; ++r) {
      kernels::multiply_rows<float>({x.data() + r * (k + 3), 1, k + 3}, w, {one.data(), 1, m}, false);
      for (int64_t j = 0; j < m; ++j) {
        CHECK(one[static_cast<size_t>(j)] == y[static_cast<size_t>(r * m + j)]);
        if (rows > 13) continue;
        double sum = 0;
        for (int64_t i = 0; i < k; ++i)
          sum += static_cast<double>(x[static_cast<size_t>(r * (k + 3) + i)]) * w.at(j * k + i);
        CHECK(std::abs(sum - static_cast<double>(one[static_cast<size_t>(j)])) < 2e-5);
      }
    }
  }
}

}  // namespace
