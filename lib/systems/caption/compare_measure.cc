#include "systems/caption/compare_measure.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "autograd/ops/arithmetic.h"
#include "autograd/ops/attention.h"
#include "autograd/ops/softmax_loss.h"
#include "base/rng.h"
#include "nn/optimizer.h"
#include "systems/caption/generate.h"
#include "tensor/arena.h"
#include "train/clock.h"

namespace fovea::caption {
namespace {

constexpr int64_t kTimedBatch = 64, kTimedWords = 11;

double median(std::vector<double> values) {
  if (values.empty()) return std::nan("");
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double nll_per_word(const std::vector<const ModelResult*>& models, const std::vector<int64_t>& draw) {
  double nll = 0, words = 0;
  for (const ModelResult* model : models) {
    for (const int64_t i : draw)
      nll += model->images[static_cast<size_t>(i)].nll, words += model->images[static_cast<size_t>(i)].words;
  }
  return words > 0 ? nll / words : 0;
}

double bleu4(const std::vector<const ModelResult*>& models, const std::vector<int64_t>& draw) {
  double sum = 0;
  for (const ModelResult* model : models) {
    eval::BleuStatistics all;
    for (const int64_t i : draw) {
      const eval::BleuStatistics& one = model->images[static_cast<size_t>(i)].bleu;
      for (size_t k = 0; k < one.matches.size(); ++k)
        all.matches[k] += one.matches[k], all.guesses[k] += one.guesses[k];
      all.hypothesis_length += one.hypothesis_length;
      all.reference_length += one.reference_length;
    }
    sum += eval::bleu_score(all).with_penalty.back();
  }
  return models.empty() ? 0 : sum / static_cast<double>(models.size());
}

using Score = std::function<double(const std::vector<const ModelResult*>&, const std::vector<int64_t>&)>;

Difference paired(const std::vector<const ModelResult*>& a, const std::vector<const ModelResult*>& b, int64_t resamples,
                  uint64_t seed, const Score& score) {
  const auto count = static_cast<int64_t>(a[0]->images.size());
  std::vector<int64_t> draw(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) draw[static_cast<size_t>(i)] = i;
  Difference out;
  out.value = score(a, draw) - score(b, draw);
  std::vector<double> values;
  for (int64_t r = 0; r < resamples; ++r) {
    Rng rng(seed, RngPurpose::kTest, 1, static_cast<uint64_t>(r));
    for (int64_t& i : draw) i = rng.below(static_cast<uint32_t>(count));
    values.push_back(score(a, draw) - score(b, draw));
  }
  std::sort(values.begin(), values.end());
  constexpr double kTail = 0.025;
  const auto at = [&](double share) {
    return values[static_cast<size_t>(
        std::clamp<double>(share * static_cast<double>(values.size()), 0, static_cast<double>(values.size() - 1)))];
  };
  out.low = at(kTail);
  out.high = at(1 - kTail);
  return out;
}

// References of a run of images: likelihood and entropy.
void measure_references(Decoder& decoder, const std::vector<CaptionSample>& samples, const std::vector<int64_t>& batch,
                        FeatureStore& features, const std::map<int64_t, size_t>& place, ModelResult& result,
                        double& entropy, double& rows) {
  const BatchItems items = batch_items(samples, batch);
  CaptionBatch data{features.fetch(items.items), items.image, {}};
  for (const int64_t i : batch) data.words.push_back(samples[static_cast<size_t>(i)].words);
  const DecoderOutputs out = decoder.forward(data, {});
  std::vector<double> losses;
  ops::summed_cross_entropy(out.logits, out.targets, 1, &losses);
  size_t r = 0;
  for (const int64_t active : out.steps.active) {
    for (int64_t b = 0; b < active; ++b, ++r) {
      const CaptionSample& sample = samples[static_cast<size_t>(batch[static_cast<size_t>(b)])];
      ImageResult& image = result.images[place.at(sample.image)];
      auto& kind = image.by_length[length_class(static_cast<int64_t>(sample.words.size()))];
      image.nll += losses[r], kind.first += losses[r];
      image.words += 1, kind.second += 1;
    }
  }
  if (!out.recurrent.alpha.defined()) return;
  for (const float a : out.recurrent.alpha.value().span<float>())
    entropy -= a > 0 ? static_cast<double>(a) * std::log(static_cast<double>(a)) : 0;
  rows += static_cast<double>(losses.size());
}

void write_captions(CaptionModel& model, const CompareOptions& options, const data::CaptionSet& set,
                    const std::vector<std::pair<int64_t, int64_t>>& images, FeatureStore& features,
                    ModelResult& result) {
  GenerateOptions generation;
  generation.beam.width = options.beam;
  generation.beam.max_length = options.max_words;
  eval::WordTable table;
  Decoder* decoder = &model.decoder;
  for (size_t begin = 0; begin < images.size(); begin += static_cast<size_t>(options.batch)) {
    const size_t end = std::min(images.size(), begin + static_cast<size_t>(options.batch));
    std::vector<int64_t> items;
    for (size_t i = begin; i < end; ++i) items.push_back(images[i].second);
    const std::vector<uint64_t> keys(items.size(), 0);
    const auto captions = generate({&decoder, 1}, features.fetch(items), keys, generation);
    for (size_t i = begin; i < end; ++i) {
      eval::CaptionCase item;
      for (const int32_t word : captions[i - begin][0].words) {
        if (word != data::Vocabulary::kEnd) item.hypothesis.push_back(table.id(model.context.vocabulary.word(word)));
      }
      for (const std::string& text : set.captions_of(images[i].first)) {
        item.references.push_back(
            table.ids(data::tokenize(text, model.context.tokenizer, model.context.keep_punctuation)));
      }
      result.images[i].bleu = eval::bleu_statistics(item);
    }
  }
}

}  // namespace

int64_t length_class(int64_t words) { return words <= 8 ? 0 : words <= 12 ? 1 : 2; }

std::string length_class_name(int64_t kind) {
  static const std::vector<std::string> names{"up to 8 words", "9 to 12 words", "more than 12 words"};
  return names[static_cast<size_t>(kind)];
}

ModelResult measure_quality(CaptionModel& model, const CompareOptions& options, const data::CaptionSet& set,
                            FeatureStore& features, const io::GridFeaturesReader& reader) {
  const NoGrad no_grad;
  ModelResult result;
  result.path = model.path;
  result.mode = attention_names()[static_cast<size_t>(model.decoder.config().attention)];
  for (const PartCost& part : decoder_costs(model.decoder.config())) {
    result.parameters += part.parameters;
    result.per_step += part.per_step;
    result.per_image += part.per_image;
    if (part.part == "attention" || part.part == "gate") result.attention_parameters += part.parameters;
  }
  SampleCounts counts;
  const auto samples = collect_samples(set, options.split, model.context, reader, 1 << 20, false, counts);
  std::vector<std::pair<int64_t, int64_t>> images;
  std::map<int64_t, size_t> place;
  for (const CaptionSample& sample : samples) {
    if (place.emplace(sample.image, images.size()).second) images.emplace_back(sample.image, sample.item);
  }
  result.images.resize(images.size());
  double entropy = 0, rows = 0;
  const BatchPlan plan(samples, options.batch, false, 1);
  for (const auto& batch : plan.epoch(0))
    measure_references(model.decoder, samples, batch, features, place, result, entropy, rows);
  result.entropy = rows > 0 ? entropy / rows : std::nan("");
  write_captions(model, options, set, images, features, result);
  return result;
}

void measure_times(std::vector<CaptionModel>& models, const CompareOptions& options,
                   std::vector<ModelResult>& results) {
  std::vector<std::vector<double>> steps(models.size()), captions(models.size());
  for (int64_t round = 0; round <= options.timing; ++round) {  // the first round warms up
    for (size_t i = 0; i < models.size(); ++i) {
      Decoder& decoder = models[i].decoder;
      const DecoderConfig& config = decoder.config();
      CaptionBatch batch{Tensor::full({kTimedBatch, config.places, config.annotation}, 0.5), {}, {}};
      for (int64_t b = 0; b < kTimedBatch; ++b) {
        batch.image.push_back(b);
        batch.words.emplace_back(static_cast<size_t>(kTimedWords),
                                 static_cast<int32_t>((b * 7 + round) % config.vocabulary));
      }
      train::Clock clock;
      {
        const DecoderOutputs out = decoder.forward(batch, {});
        Var loss = ops::summed_cross_entropy(out.logits, out.targets, 1.0 / kTimedBatch);
        if (config.attends()) loss = ops::add(loss, ops::doubly_stochastic_penalty(out.recurrent.alpha, out.steps));
        backward(loss);
        results[i].peak_bytes = std::max(results[i].peak_bytes, arena::bytes_in_use());
      }
      if (round > 0) steps[i].push_back(clock.seconds() * 1000);
      for (nn::Parameter* parameter : decoder.parameters()) parameter->var.clear_grad();
      GenerateOptions generation;
      generation.beam.width = options.beam;
      generation.beam.max_length = kTimedWords + 1;
      Decoder* one = &decoder;
      const std::vector<uint64_t> keys(kTimedBatch, 0);
      clock.restart();
      generate({&one, 1}, batch.annotations, keys, generation);
      if (round > 0) captions[i].push_back(clock.seconds() * 1000 / kTimedBatch);
    }
  }
  for (size_t i = 0; i < models.size(); ++i) {
    results[i].train_step_ms = median(steps[i]);
    results[i].caption_ms = median(captions[i]);
  }
}

Difference nll_difference(const std::vector<const ModelResult*>& a, const std::vector<const ModelResult*>& b,
                          int64_t resamples, uint64_t seed) {
  return paired(a, b, resamples, seed, nll_per_word);
}
Difference bleu_difference(const std::vector<const ModelResult*>& a, const std::vector<const ModelResult*>& b,
                           int64_t resamples, uint64_t seed) {
  return paired(a, b, resamples, seed, bleu4);
}

}  // namespace fovea::caption
