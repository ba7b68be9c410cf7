// Decoders learn: twenty pictures by heart, and a task that needs attention. Batches are what they should be.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "autograd/ops/arithmetic.h"
#include "autograd/ops/attention.h"
#include "autograd/ops/softmax_loss.h"
#include "base/rng.h"
#include "nn/optimizer.h"
#include "systems/caption/caption_data.h"
#include "systems/caption/generate.h"

using namespace fovea;
using namespace fovea::caption;

namespace {

DecoderConfig base_config(AttentionMode mode, int64_t vocabulary, int64_t places, int64_t width) {
  DecoderConfig config;
  config.attention = mode;
  config.vocabulary = vocabulary, config.places = places, config.annotation = width;
  config.embedding = config.hidden = config.units = 48;
  config.dropout = 0;
  return config;
}

nn::OptimizerConfig adam() {
  nn::OptimizerConfig config;
  config.kind = nn::OptimizerKind::kAdam;
  config.clip_norm = 5;
  return config;
}

// One update; returns the mean over captions of -log p. Hard decoders draw places in odd steps.
double update(Decoder& decoder, nn::Optimizer& optimizer, const CaptionBatch& batch, double rate, int64_t step,
              double& baseline) {
  DecoderPass pass;
  const bool hard = decoder.config().attention == AttentionMode::kHard;
  if (hard && step % 2 == 1) {
    pass.sampled.assign(batch.words.size(), true);
    pass.uniform = [step](int64_t b, int64_t t) {
      return Rng(1, RngPurpose::kAttention, static_cast<uint64_t>(step), static_cast<uint64_t>(b * 64 + t))
          .uniform_double();
    };
  }
  const DecoderOutputs out = decoder.forward(batch, pass);
  std::vector<double> rows, nll(batch.words.size(), 0.0);
  Var loss = ops::summed_cross_entropy(out.logits, out.targets, 1.0 / static_cast<double>(batch.words.size()), &rows);
  const double value = loss.value().item();
  if (hard) {
    size_t r = 0;
    for (const int64_t active : out.steps.active) {
      for (size_t b = 0; b < static_cast<size_t>(active); ++b, ++r) nll[b] += rows[r];
    }
    ops::HardAttentionTerms terms;
    terms.lambda_e = 0.002;
    for (size_t b = 0; b < nll.size(); ++b)
      terms.advantage.push_back(-nll[b] / static_cast<double>(batch.words[b].size() + 1) - baseline);
    baseline = 0.9 * baseline - 0.1 * value / static_cast<double>(batch.words[0].size() + 1);
    loss = ops::add(loss, ops::hard_attention_loss(out.recurrent.scores, out.steps, out.recurrent.places, terms));
  }
  backward(loss);
  optimizer.step(rate);
  return value;
}

TEST_CASE("training: twenty pictures are learnt by heart, soft and hard, and written again by greedy decoding") {
  constexpr int64_t kImages = 20, kPlaces = 6, kWidth = 10;
  Rng rng(2, RngPurpose::kTest);
  CaptionBatch batch{Tensor::empty({kImages, kPlaces, kWidth}), {}, {}};
  for (float& value : batch.annotations.span<float>()) value = static_cast<float>(rng.uniform(0, 2));
  for (int64_t i = 0; i < kImages; ++i) {
    batch.image.push_back(i);
    batch.words.emplace_back();
    for (int64_t t = 0; t < 7 - i / 5; ++t) batch.words.back().push_back(1 + static_cast<int32_t>(rng.below(14)));
  }
  for (const AttentionMode mode : {AttentionMode::kSoft, AttentionMode::kHard}) {
    Decoder decoder(base_config(mode, 15, kPlaces, kWidth));
    decoder.initialize(1);
    nn::Optimizer optimizer(decoder.parameters(), adam());
    double value = 0, baseline = 0;
    for (int64_t step = 0; step < 500; ++step)
      value = update(decoder, optimizer, batch, step < 300 ? 1e-2 : 2e-3, step, baseline);
    CAPTURE(attention_names()[static_cast<size_t>(mode)]);
    CHECK(value < 0.1);
    GenerateOptions greedy;
    greedy.beam.width = 1;
    Decoder* one = &decoder;
    const std::vector<uint64_t> keys(kImages, 0);
    const auto captions = generate({&one, 1}, batch.annotations, keys, greedy);
    for (size_t i = 0; i < captions.size(); ++i) {
      auto expected = batch.words[i];
      expected.push_back(0);
      CHECK(captions[i][0].words == expected);
      CHECK(captions[i][0].attention.size() == expected.size() * kPlaces);
    }
    // Beam 3 of a batch is beam 3 of each picture alone, bit by bit.
    GenerateOptions beam;
    beam.beam.width = 3;
    const auto together = generate({&one, 1}, batch.annotations, keys, beam);
    const auto alone =
        generate({&one, 1}, batch.annotations.rows(7, 8), std::span<const uint64_t>(keys).subspan(0, 1), beam);
    CHECK(together[7][0].words == alone[0][0].words);
    CHECK(together[7][0].log_probability == alone[0][0].log_probability);
    CHECK(together[7][0].attention == alone[0][0].attention);
  }
}

// A 3x3 board of nine colours in random order. The caption: a position, "is", the colour there. The mean annotation is
// the same for every board, so that only attention can tell.
struct Boards {
  static constexpr int64_t kCells = 9, kWords = 2 + 9 + 1 + 9;  // end, unknown, positions, is, colours
  CaptionBatch batch;
  std::vector<int32_t> cells;

  Boards(int64_t count, uint64_t seed) {
    batch.annotations = Tensor::zeros({count, kCells, 2 * kCells});
    float* a = batch.annotations.data<float>();
    for (int64_t i = 0; i < count; ++i) {
      const auto colours = permutation(kCells, seed, RngPurpose::kTest, static_cast<uint64_t>(i));
      for (int64_t cell = 0; cell < kCells; ++cell) {
        a[(i * kCells + cell) * 2 * kCells + colours[static_cast<size_t>(cell)]] = 1;
        a[(i * kCells + cell) * 2 * kCells + kCells + cell] = 1;
      }
      const auto cell = static_cast<int32_t>(Rng(seed, RngPurpose::kTest, 7, static_cast<uint64_t>(i)).below(kCells));
      cells.push_back(cell);
      batch.image.push_back(i);
      batch.words.push_back({2 + cell, 11, 12 + static_cast<int32_t>(colours[static_cast<size_t>(cell)])});
    }
  }
};

struct ToyResult {
  double colours = 0, peaks = 0;  // shares of right colours, and of attention peaks on the named cell
};

ToyResult learn_boards(AttentionMode mode, int64_t steps) {
  DecoderConfig config = base_config(mode, Boards::kWords, Boards::kCells, 2 * Boards::kCells);
  // From matrices of deviation 0.01 the even attention of the start is a plateau that thousands of steps do not leave.
  config.weights = nn::parse_initializer("xavier", "test");
  Decoder decoder(config);
  decoder.initialize(4);
  nn::Optimizer optimizer(decoder.parameters(), adam());
  double baseline = 0;
  for (int64_t step = 0; step < steps; ++step)
    update(decoder, optimizer, Boards(64, 100 + static_cast<uint64_t>(step)).batch, 5e-3, step, baseline);
  const Boards test(200, 9);
  const NoGrad no_grad;
  const DecoderOutputs out = decoder.forward(test.batch, {});
  ToyResult result;
  for (int64_t i = 0; i < 200; ++i) {
    const float* row = out.logits.value().data<float>() + (2 * 200 + i) * Boards::kWords;  // step 2 predicts the colour
    const auto best = static_cast<int32_t>(std::max_element(row, row + Boards::kWords) - row);
    result.colours += best == test.batch.words[static_cast<size_t>(i)][2] ? 0.005 : 0;
    if (!out.recurrent.alpha.defined()) continue;
    const float* alpha = out.recurrent.alpha.value().data<float>() + (2 * 200 + i) * Boards::kCells;
    result.peaks +=
        std::max_element(alpha, alpha + Boards::kCells) - alpha == test.cells[static_cast<size_t>(i)] ? 0.005 : 0;
  }
  return result;
}

TEST_CASE("training: without attention the colour of a named cell is a guess") {
  CHECK(learn_boards(AttentionMode::kNone, 200).colours <= 0.25);  // 1/9 is chance
}

TEST_CASE("training: soft attention finds the named cell and its colour") {
  const ToyResult soft = learn_boards(AttentionMode::kSoft, 1200);
  CHECK(soft.colours >= 0.95);
  CHECK(soft.peaks >= 0.95);
}

TEST_CASE("training: a padded batch has the loss and the gradients of its captions in batches of one length") {
  DecoderConfig config = base_config(AttentionMode::kSoft, 12, 5, 6);
  Decoder decoder(config, DType::kF64);
  decoder.initialize(3);
  Tensor annotations = Tensor::empty({3, 5, 6}, DType::kF64);
  Rng rng(8, RngPurpose::kTest);
  for (double& value : annotations.span<double>()) value = rng.uniform(0, 3);
  const std::vector<std::vector<int32_t>> words{{3, 4, 5, 6}, {7, 8}, {9}};
  const auto run = [&](const CaptionBatch& batch) {
    const DecoderOutputs out = decoder.forward(batch, {});
    const Var loss = ops::add(ops::summed_cross_entropy(out.logits, out.targets, 1),
                              ops::scale(ops::doubly_stochastic_penalty(out.recurrent.alpha, out.steps),
                                         static_cast<double>(batch.words.size())));
    backward(loss);
    return loss.value().item();
  };
  const double together = run({annotations, {0, 1, 2}, words});
  const Tensor gradient = decoder.find("attention0", "weight")->var.grad().clone();
  for (nn::Parameter* parameter : decoder.parameters()) parameter->var.clear_grad();
  double apart = 0;
  for (int64_t i = 0; i < 3; ++i) apart += run({annotations, {i}, {words[static_cast<size_t>(i)]}});
  CHECK(std::abs(together - apart) < 1e-10);
  const Tensor& summed = decoder.find("attention0", "weight")->var.grad();
  for (int64_t i = 0; i < summed.count(); ++i) CHECK(std::abs(summed.at(i) - gradient.at(i)) < 1e-10);
}

TEST_CASE("batches: every caption once an epoch, one length to a batch when grouped, new order each epoch") {
  std::vector<CaptionSample> samples;
  for (int64_t i = 0; i < 103; ++i)
    samples.push_back({i, i, i, std::vector<int32_t>(static_cast<size_t>(1 + i % 7), 2)});
  for (const bool grouped : {true, false}) {
    const BatchPlan plan(samples, 8, grouped, 5);
    const auto first = plan.epoch(0), again = plan.epoch(0), second = plan.epoch(1);
    CHECK(static_cast<int64_t>(first.size()) == plan.batches());
    CHECK(first == again);
    CHECK(first != second);
    std::set<int64_t> seen;
    for (const auto& batch : first) {
      CHECK(batch.size() <= 8);
      for (size_t k = 0; k < batch.size(); ++k) {
        CHECK(seen.insert(batch[k]).second);
        const size_t length = samples[static_cast<size_t>(batch[k])].words.size(),
                     leader = samples[static_cast<size_t>(batch[0])].words.size();
        CHECK((grouped ? length == leader : length <= leader));
      }
    }
    CHECK(seen.size() == samples.size());
  }
}

}  // namespace
