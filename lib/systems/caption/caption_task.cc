#include "systems/caption/caption_task.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "autograd/ops/arithmetic.h"
#include "autograd/ops/attention.h"
#include "autograd/ops/softmax_loss.h"
#include "base/error.h"
#include "base/rng.h"
#include "eval/bleu.h"
#include "systems/caption/generate.h"
#include "train/optimizer_state.h"

namespace fovea::caption {
namespace {

constexpr double kBaselineDecay = 0.9;  // b <- 0.9 b + 0.1 r, arctic-captions

CaptionBatch gather(const std::vector<CaptionSample>& samples, const std::vector<int64_t>& batch,
                    FeatureStore& features) {
  const BatchItems items = batch_items(samples, batch);
  CaptionBatch out{features.fetch(items.items), items.image, {}};
  for (const int64_t i : batch) out.words.push_back(samples[static_cast<size_t>(i)].words);
  return out;
}

// Sum over rows of the entropy of alpha.
double entropy_sum(const Tensor& alpha) {
  double sum = 0;
  for (const float a : alpha.span<float>())
    sum -= a > 0 ? static_cast<double>(a) * std::log(static_cast<double>(a)) : 0.0;
  return sum;
}

}  // namespace

CaptionTask::CaptionTask(const TaskOptions& options, Decoder& decoder, const ModelContext& context,
                         const data::CaptionSet& set, const std::vector<CaptionSample>& training,
                         const std::vector<CaptionSample>& validation, FeatureStore& features)
    : options_(options),
      decoder_(decoder),
      context_(context),
      set_(set),
      training_(training),
      validation_(validation),
      features_(features),
      plan_(training, options.batch, options.grouped, options.seed),
      optimizer_(decoder.parameters(), options.optimizer),
      exchange_(optimizer_.parameters()) {
  train::check_batch(options.batch);
}

const std::vector<int64_t>& CaptionTask::batch_of(int64_t step) {
  const auto epoch = static_cast<uint64_t>(step / plan_.batches());
  if (planned_.empty() || planned_epoch_ != epoch) {
    planned_ = plan_.epoch(epoch);
    planned_epoch_ = epoch;
  }
  return planned_[static_cast<size_t>(step % plan_.batches())];
}

// One coin for the whole batch, as the authors' code has it, or one for each caption. Draws are keyed by step and
// caption, so that neither the place in the batch nor an interruption matters.
DecoderPass CaptionTask::make_pass(int64_t step, const std::vector<int64_t>& batch) const {
  DecoderPass pass;
  pass.dropout = decoder_.config().dropout > 0;
  pass.seed = options_.seed;
  pass.step = static_cast<uint64_t>(step);
  pass.mask_stream = train::mask_stream();
  if (decoder_.config().attention != AttentionMode::kHard) return pass;
  const auto soft = [&](uint64_t item) {
    return Rng(options_.seed, RngPurpose::kAttention, pass.step, item).uniform_double() < options_.soft_probability;
  };
  constexpr uint64_t kBatchCoin = ~uint64_t{0}, kImageCoin = uint64_t{1} << 62U;
  const bool batch_soft = soft(kBatchCoin);
  std::vector<uint64_t> captions;
  for (const int64_t i : batch) {
    captions.push_back(static_cast<uint64_t>(training_[static_cast<size_t>(i)].caption));
    pass.sampled.push_back(options_.coin_per_image ? !soft(kImageCoin | captions.back()) : !batch_soft);
  }
  pass.uniform = [seed = options_.seed, at = pass.step, captions](int64_t b, int64_t t) {
    return Rng(seed, RngPurpose::kAttention, at, (captions[static_cast<size_t>(b)] << 16U) | static_cast<uint64_t>(t))
        .uniform_double();
  };
  return pass;
}

// Reward against the baseline as it was before this batch; then the baseline moves.
Var CaptionTask::hard_terms(const DecoderOutputs& out, const DecoderPass& pass, const std::vector<double>& nll,
                            const std::vector<int64_t>& lengths, const train::Share& share) {
  ops::HardAttentionTerms terms;
  terms.lambda_r = options_.lambda_r;
  terms.lambda_e = options_.lambda_e;
  double mean = 0;
  for (size_t b = 0; b < nll.size(); ++b) {
    const double reward = options_.reward_is_mean ? -nll[b] / static_cast<double>(lengths[b]) : -nll[b];
    terms.advantage.push_back(reward - baseline_);
    mean += reward / static_cast<double>(nll.size());
    sums_.reward += reward;
    sums_.sampled += pass.sampled[b] ? 1 : 0;
    sums_.advantage += terms.advantage.back();
    sums_.advantage_squares += terms.advantage.back() * terms.advantage.back();
  }
  baseline_ = kBaselineDecay * baseline_ + (1 - kBaselineDecay) * share.mean(mean);
  return ops::hard_attention_loss(out.recurrent.scores, out.steps, out.recurrent.places, terms);
}

Var CaptionTask::loss_of(const DecoderOutputs& out, const DecoderPass& pass, const train::Share& share) {
  const auto captions = static_cast<size_t>(out.steps.sequences());
  std::vector<double> rows, nll(captions, 0.0);
  std::vector<int64_t> lengths(captions, 0);
  Var loss = ops::summed_cross_entropy(out.logits, out.targets, 1 / static_cast<double>(captions), &rows);
  size_t r = 0;
  for (const int64_t active : out.steps.active) {
    for (size_t b = 0; b < static_cast<size_t>(active); ++b, ++r) nll[b] += rows[r], ++lengths[b];
  }
  sums_.captions += static_cast<double>(captions);
  sums_.words += static_cast<double>(rows.size());
  sums_.nll += std::accumulate(nll.begin(), nll.end(), 0.0);
  if (!decoder_.config().attends()) return loss;
  sums_.entropy += entropy_sum(out.recurrent.alpha.value());
  sums_.rows += static_cast<double>(rows.size());
  if (options_.lambda > 0) {
    const Var penalty = ops::doubly_stochastic_penalty(out.recurrent.alpha, out.steps, options_.coverage_target);
    sums_.penalty += penalty.value().item() * static_cast<double>(captions);
    loss = ops::add(loss, ops::scale(penalty, options_.lambda));
  }
  return decoder_.config().attention == AttentionMode::kHard
             ? ops::add(loss, hard_terms(out, pass, nll, lengths, share))
             : loss;
}

double CaptionTask::step(int64_t step) {
  const train::Share share(batch_of(step).size());
  const std::vector<int64_t> batch = share.of(batch_of(step));
  const CaptionBatch data = gather(training_, batch, features_);
  if (step + 1 < options_.steps) {
    const auto& next = batch_of(step + 1);
    features_.prefetch(batch_items(training_, train::Share(next.size()).of(next)).items);
  }
  const DecoderPass pass = make_pass(step, batch);
  const Var loss = loss_of(decoder_.forward(data, pass), pass, share);
  const double value = share.mean(loss.value().item());
  if (!std::isfinite(value)) return value;
  exchange_.backward(loss, share);
  optimizer_.step(options_.learning_rate);
  return value;
}

std::optional<HeldOut> held_out_likelihood(Decoder& decoder, const std::vector<CaptionSample>& samples,
                                           FeatureStore& features, int64_t batch,
                                           const std::function<bool()>& should_stop) {
  const NoGrad no_grad;
  double nll = 0, words = 0;
  const BatchPlan plan(samples, batch, false, 1);
  for (const auto& rows : plan.epoch(0)) {
    if (should_stop()) return std::nullopt;
    const DecoderOutputs out = decoder.forward(gather(samples, rows, features), {});
    nll += ops::summed_cross_entropy(out.logits, out.targets, 1).value().item();
    words += static_cast<double>(out.targets.size());
  }
  const double captions = static_cast<double>(samples.size());
  return HeldOut{captions > 0 ? nll / captions : 0, words > 0 ? nll / words : 0};
}

// Free-running captions of the validation images against their references.
std::optional<double> CaptionTask::validation_bleu(const std::function<bool()>& should_stop) {
  std::map<int64_t, int64_t> images;  // image -> item
  for (const CaptionSample& sample : validation_) images[sample.image] = sample.item;
  std::vector<std::pair<int64_t, int64_t>> all(images.begin(), images.end());
  GenerateOptions generation;
  generation.beam.width = options_.validation_beam;
  generation.beam.max_length = options_.max_words;
  eval::WordTable table;
  eval::BleuStatistics sum;
  Decoder* decoder = &decoder_;
  for (size_t begin = 0; begin < all.size(); begin += static_cast<size_t>(options_.batch)) {
    if (should_stop()) return std::nullopt;
    const size_t end = std::min(all.size(), begin + static_cast<size_t>(options_.batch));
    std::vector<int64_t> items;
    for (size_t i = begin; i < end; ++i) items.push_back(all[i].second);
    const std::vector<uint64_t> keys(items.size(), 0);
    const auto captions = generate({&decoder, 1}, features_.fetch(items), keys, generation);
    for (size_t i = begin; i < end; ++i) {
      eval::CaptionCase item;
      for (const int32_t word : captions[i - begin][0].words) {
        if (word != data::Vocabulary::kEnd) item.hypothesis.push_back(table.id(context_.vocabulary.word(word)));
      }
      for (const std::string& text : set_.captions_of(all[i].first)) {
        item.references.push_back(table.ids(data::tokenize(text, context_.tokenizer, context_.keep_punctuation)));
      }
      const eval::BleuStatistics one = eval::bleu_statistics(item);
      for (size_t k = 0; k < one.matches.size(); ++k)
        sum.matches[k] += one.matches[k], sum.guesses[k] += one.guesses[k];
      sum.hypothesis_length += one.hypothesis_length;
      sum.reference_length += one.reference_length;
    }
  }
  return eval::bleu_score(sum).with_penalty.back();
}

std::optional<train::Metrics> CaptionTask::evaluate(int64_t, const std::function<bool()>& should_stop) {
  train::Metrics row;
  const auto mean = [](double sum, double count) { return count > 0 ? sum / count : std::nan(""); };
  row.emplace_back("nll", mean(sums_.nll, sums_.captions));
  row.emplace_back("nll_per_word", mean(sums_.nll, sums_.words));
  if (decoder_.config().attends()) {
    row.emplace_back("penalty", mean(sums_.penalty, sums_.captions));
    row.emplace_back("attention_entropy", mean(sums_.entropy, sums_.rows));
  }
  if (decoder_.config().attention == AttentionMode::kHard) {
    const double advantage = mean(sums_.advantage, sums_.captions);
    row.emplace_back("reward", mean(sums_.reward, sums_.captions));
    row.emplace_back("baseline", baseline_);
    row.emplace_back("advantage_variance", mean(sums_.advantage_squares, sums_.captions) - advantage * advantage);
    row.emplace_back("soft_fraction", 1 - mean(sums_.sampled, sums_.captions));
  }
  if (!validation_.empty()) {
    const auto held_out = held_out_likelihood(decoder_, validation_, features_, options_.batch, should_stop);
    if (!held_out) return std::nullopt;
    row.emplace_back("val_nll", held_out->nll_per_caption);
    row.emplace_back("val_nll_per_word", held_out->nll_per_word);
    row.emplace_back("val_log_likelihood", -held_out->nll_per_word);
    if (options_.best == "bleu4") {
      const auto bleu = validation_bleu(should_stop);
      if (!bleu) return std::nullopt;
      row.emplace_back("val_bleu4", *bleu);
    }
  }
  sums_ = {};
  return row;
}

std::string CaptionTask::best_metric() const {
  if (validation_.empty()) return "";
  return options_.best == "bleu4" ? "val_bleu4" : "val_log_likelihood";
}

bool CaptionTask::parameters_are_finite() const {
  for (const nn::Parameter* parameter : decoder_.parameters()) {
    const auto values = parameter->var.value().span<float>();
    if (!std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); })) return false;
  }
  return true;
}

void CaptionTask::save(io::CheckpointData& data) const {
  store_caption_model(decoder_, context_, data);
  train::store_optimizer(optimizer_, options_.learning_rate, "constant", data);
  const auto steps = static_cast<uint64_t>(optimizer_.steps()), per_epoch = static_cast<uint64_t>(plan_.batches());
  data.rng = {options_.seed, steps};
  data.sampler = {steps / per_epoch, steps % per_epoch};
  const Sums& s = sums_;
  data.training["caption_sums"] =
      io::canonical_json(io::Json{s.captions, s.words, s.nll, s.penalty, s.entropy, s.rows, s.reward, s.advantage,
                                  s.advantage_squares, s.sampled, baseline_});
}

void CaptionTask::restore(const io::CheckpointData& data, const std::string& origin) {
  restore_parameters(decoder_, data, origin);
  train::restore_optimizer(optimizer_, data, origin);
  const std::string place = origin + ": training: caption_sums";
  const io::Json json = io::parse_json(io::json_text(data.training, "caption_sums", origin), place);
  constexpr size_t kCount = 11;
  const bool fits = json.is_array() && json.size() == kCount &&
                    std::all_of(json.begin(), json.end(), [](const io::Json& v) { return v.is_number(); });
  if (!fits) fail_data(place, "11 numbers", json.dump());
  const auto at = [&](size_t i) { return json[i].get<double>(); };
  sums_ = {at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7), at(8), at(9)};
  baseline_ = at(10);
}

}  // namespace fovea::caption
