#include "systems/caption/generate.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "tensor/kernels/softmax.h"

namespace fovea::caption {
namespace {

// Which word of which hypothesis: draws of one image never meet.
double draw(uint64_t seed, RngPurpose purpose, uint64_t key, int64_t hypothesis, int64_t step) {
  return Rng(seed, purpose, key, (static_cast<uint64_t>(hypothesis) << 32U) | static_cast<uint64_t>(step))
      .uniform_double();
}

// log of the mean of the decoders' probabilities; the only decoder's as they are.
Tensor mixed(std::vector<Tensor> parts) {
  if (parts.size() == 1) return std::move(parts[0]);
  Tensor out = Tensor::empty(parts[0].shape());
  float* to = out.data<float>();
  std::vector<const float*> from;
  for (const Tensor& part : parts) from.push_back(part.data<float>());
  parallel_blocks(out.count(), 1 << 14, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      double sum = 0;
      for (const float* part : from) sum += std::exp(static_cast<double>(part[i]));
      to[i] = static_cast<float>(std::log(sum / static_cast<double>(from.size())));
    }
  });
  return out;
}

// What the first decoder looked at, for each live hypothesis of each step.
struct Trail {
  std::vector<std::vector<float>> alpha, gate;  // by step: live x places, live
};

// The decoders side by side on the live hypotheses of a batch of images.
class Writer {
 public:
  Writer(std::span<Decoder* const> decoders, const Tensor& annotations, const GenerateOptions& options,
         std::span<const uint64_t> keys)
      : decoders_(decoders), options_(options), keys_(keys) {
    for (Decoder* decoder : decoders) images_.push_back(decoder->encode(annotations));
  }

  void start(const std::vector<int64_t>& image) {
    states_.clear();
    for (size_t i = 0; i < decoders_.size(); ++i) states_.push_back(decoders_[i]->start(images_[i], image));
  }

  // Continues rows `from` of the states. Returns log p [rows,V].
  Tensor advance(const std::vector<int64_t>& from, const std::vector<int32_t>& previous,
                 const std::vector<int64_t>& hypothesis, int64_t step);

  Tensor alpha, gate;  // of the last advance, of the first decoder

 private:
  static DecoderState rows_of(const DecoderState& state, const std::vector<int64_t>& rows);

  std::span<Decoder* const> decoders_;
  const GenerateOptions& options_;
  std::span<const uint64_t> keys_;
  std::vector<EncodedImages> images_;
  std::vector<DecoderState> states_;
};

DecoderState Writer::rows_of(const DecoderState& state, const std::vector<int64_t>& rows) {
  const int64_t n = state.h.extent(1);
  DecoderState out{
      {}, Tensor::empty({static_cast<int64_t>(rows.size()), n}), Tensor::empty({static_cast<int64_t>(rows.size()), n})};
  float *h = out.h.data<float>(), *c = out.c.data<float>();
  for (const int64_t row : rows) {
    out.image.push_back(state.image[static_cast<size_t>(row)]);
    h = std::copy(state.h.data<float>() + row * n, state.h.data<float>() + (row + 1) * n, h);
    c = std::copy(state.c.data<float>() + row * n, state.c.data<float>() + (row + 1) * n, c);
  }
  return out;
}

Tensor Writer::advance(const std::vector<int64_t>& from, const std::vector<int32_t>& previous,
                       const std::vector<int64_t>& hypothesis, int64_t step) {
  std::vector<Tensor> parts;
  for (size_t i = 0; i < decoders_.size(); ++i) {
    const DecoderState state = rows_of(states_[i], from);
    DecoderPass pass;
    if (decoders_[i]->config().attention == AttentionMode::kHard) {
      pass.argmax = options_.hard == HardDecode::kArgmax;
      if (options_.hard == HardDecode::kSample) {
        pass.sampled.assign(previous.size(), true);
        pass.uniform = [&, i](int64_t row, int64_t) {
          const auto r = static_cast<size_t>(row);
          return draw(options_.seed + i, RngPurpose::kAttention, keys_[static_cast<size_t>(state.image[r])],
                      hypothesis[r], step);
        };
      }
    }
    DecoderStep next = decoders_[i]->advance(images_[i], state, previous, pass);
    if (i == 0) alpha = next.alpha, gate = next.gate;
    states_[i] = std::move(next.state);
    parts.push_back(std::move(next.log_probabilities));
  }
  return mixed(std::move(parts));
}

void note(const Writer& writer, int64_t begin, int64_t end, Trail& trail) {
  trail.alpha.emplace_back();
  trail.gate.emplace_back();
  if (writer.alpha.defined()) {
    const int64_t places = writer.alpha.extent(1);
    const float* from = writer.alpha.data<float>();
    trail.alpha.back().assign(from + begin * places, from + end * places);
  }
  if (!writer.gate.defined()) return;
  const int64_t width = writer.gate.extent(1);
  const float* from = writer.gate.data<float>();
  for (int64_t r = begin; r < end; ++r) {
    const double sum = std::accumulate(from + r * width, from + (r + 1) * width, 0.0);
    trail.gate.back().push_back(static_cast<float>(sum / static_cast<double>(width)));
  }
}

WrittenCaption written(const Hypothesis& hypothesis, const Trail& trail, int64_t places) {
  WrittenCaption out{hypothesis.words, hypothesis.log_probability, {}, {}};
  for (size_t t = 0; t < hypothesis.slots.size(); ++t) {
    const auto slot = static_cast<size_t>(hypothesis.slots[t]);
    if (!trail.alpha[t].empty()) {
      const auto* row = trail.alpha[t].data() + static_cast<int64_t>(slot) * places;
      out.attention.insert(out.attention.end(), row, row + places);
    }
    if (!trail.gate[t].empty()) out.gate.push_back(trail.gate[t][slot]);
  }
  return out;
}

std::vector<std::vector<WrittenCaption>> beam_captions(Writer& writer, int64_t images, int64_t places, int64_t words,
                                                       const GenerateOptions& options) {
  std::vector<Beam> beams(static_cast<size_t>(images), Beam(options.beam));
  std::vector<Trail> trails(beams.size());
  std::vector<int64_t> first(beams.size()), start(beams.size());  // rows of each image in the states
  std::iota(start.begin(), start.end(), int64_t{0});
  writer.start(start);
  first = start;
  for (int64_t step = 0;; ++step) {
    std::vector<int64_t> from, now(beams.size()), hypothesis;
    std::vector<int32_t> previous;
    for (size_t i = 0; i < beams.size(); ++i) {
      now[i] = static_cast<int64_t>(from.size());
      for (int64_t k = 0; k < beams[i].live(); ++k) {
        from.push_back(first[i] + beams[i].slot_before(k));
        previous.push_back(beams[i].last_word(k));
        hypothesis.push_back(k);
      }
    }
    if (from.empty()) break;
    const Tensor log_p = writer.advance(from, previous, hypothesis, step);
    first = now;
    parallel_tasks(images, [&](int64_t image) {
      const auto i = static_cast<size_t>(image);
      if (beams[i].live() == 0) return;
      note(writer, now[i], now[i] + beams[i].live(), trails[i]);
      beams[i].extend(log_p.data<float>() + now[i] * words, words);
    });
  }
  std::vector<std::vector<WrittenCaption>> out(beams.size());
  for (size_t i = 0; i < beams.size(); ++i) {
    for (const Hypothesis& hypothesis : beams[i].ranked(options.length_norm)) {
      if (static_cast<int64_t>(out[i].size()) < options.n_best)
        out[i].push_back(written(hypothesis, trails[i], places));
    }
  }
  return out;
}

// A word by inverting the cumulative sum of p^(1/temperature); `log_p` gets the word's own log probability.
int32_t draw_word(const float* log_p, int64_t words, const GenerateOptions& options, double u) {
  double largest = -1e300, total = 0;
  const auto allowed = [&](int64_t w) { return !(options.beam.suppress_unknown && w == 1); };
  for (int64_t w = 0; w < words; ++w) {
    if (allowed(w)) largest = std::max(largest, static_cast<double>(log_p[w]));
  }
  const auto weight = [&](int64_t w) {
    return allowed(w) ? std::exp((static_cast<double>(log_p[w]) - largest) / options.temperature) : 0.0;
  };
  for (int64_t w = 0; w < words; ++w) total += weight(w);
  double sum = 0;
  int32_t last = 0;
  for (int64_t w = 0; w < words; ++w) {
    const double part = weight(w);
    if (part <= 0) continue;
    last = static_cast<int32_t>(w);
    sum += part;
    if (u * total < sum) break;
  }
  return last;
}

std::vector<std::vector<WrittenCaption>> sampled_captions(Writer& writer, std::span<const uint64_t> keys,
                                                          int64_t places, int64_t words,
                                                          const GenerateOptions& options) {
  const auto images = static_cast<int64_t>(keys.size());
  std::vector<int64_t> image;
  for (int64_t i = 0; i < images * options.n_best; ++i) image.push_back(i / options.n_best);
  std::vector<Hypothesis> texts(image.size());
  std::vector<Trail> trails(image.size());
  std::vector<int64_t> rows(image.size());  // running sentences
  std::iota(rows.begin(), rows.end(), int64_t{0});
  writer.start(image);
  std::vector<int64_t> from = rows;
  for (int64_t step = 0; step < options.beam.max_length && !rows.empty(); ++step) {
    std::vector<int32_t> previous;
    std::vector<int64_t> hypothesis, still, next_from;
    for (const int64_t row : rows) {
      const Hypothesis& text = texts[static_cast<size_t>(row)];
      previous.push_back(text.words.empty() ? -1 : text.words.back());
      hypothesis.push_back(row % options.n_best);
    }
    const Tensor log_p = writer.advance(from, previous, hypothesis, step);
    for (size_t k = 0; k < rows.size(); ++k) {
      const auto row = static_cast<size_t>(rows[k]);
      const float* mine = log_p.data<float>() + static_cast<int64_t>(k) * words;
      const double u =
          draw(options.seed, RngPurpose::kSampling, keys[static_cast<size_t>(image[row])], hypothesis[k], step);
      const int32_t word = draw_word(mine, words, options, u);
      note(writer, static_cast<int64_t>(k), static_cast<int64_t>(k) + 1, trails[row]);
      texts[row].words.push_back(word);
      texts[row].slots.push_back(0);
      texts[row].log_probability += static_cast<double>(mine[word]);
      if (word == 0) continue;
      still.push_back(rows[k]);
      next_from.push_back(static_cast<int64_t>(k));
    }
    rows = std::move(still);
    from = std::move(next_from);
  }
  std::vector<std::vector<WrittenCaption>> out(static_cast<size_t>(images));
  for (size_t row = 0; row < texts.size(); ++row)
    out[static_cast<size_t>(image[row])].push_back(written(texts[row], trails[row], places));
  for (auto& captions : out) {
    std::stable_sort(captions.begin(), captions.end(), [](const WrittenCaption& a, const WrittenCaption& b) {
      return a.log_probability > b.log_probability;
    });
  }
  return out;
}

}  // namespace

uint64_t draw_key(const std::string& id) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash & 0xffffffffULL;
}

std::vector<std::vector<WrittenCaption>> generate(std::span<Decoder* const> decoders, const Tensor& annotations,
                                                  std::span<const uint64_t> keys, const GenerateOptions& options) {
  FOVEA_CHECK(!decoders.empty() && static_cast<int64_t>(keys.size()) == annotations.extent(0), "{} keys", keys.size());
  if (keys.empty()) return {};
  Writer writer(decoders, annotations, options, keys);
  const DecoderConfig& config = decoders[0]->config();
  if (options.sample) return sampled_captions(writer, keys, config.places, config.vocabulary, options);
  return beam_captions(writer, annotations.extent(0), config.places, config.vocabulary, options);
}

std::vector<double> score_captions(std::span<Decoder* const> decoders, const Tensor& annotations,
                                   const std::vector<int64_t>& image,
                                   const std::vector<std::vector<int32_t>>& captions) {
  const NoGrad no_grad;
  std::vector<size_t> order(captions.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return captions[a].size() > captions[b].size(); });
  CaptionBatch batch{annotations, {}, {}};
  for (const size_t i : order) {
    batch.image.push_back(image[i]);
    batch.words.push_back(captions[i]);
  }
  std::vector<Tensor> parts;
  DecoderOutputs out;
  for (Decoder* decoder : decoders) {
    out = decoder->forward(batch, {});
    parts.push_back(kernels::softmax(out.logits.value(), true));
  }
  const Tensor log_p = mixed(std::move(parts));
  std::vector<double> scores(captions.size(), 0.0);
  size_t row = 0;
  for (const int64_t active : out.steps.active) {
    for (int64_t b = 0; b < active; ++b, ++row) {
      scores[order[static_cast<size_t>(b)]] -=
          static_cast<double>(log_p.data<float>()[static_cast<int64_t>(row) * log_p.extent(1) + out.targets[row]]);
    }
  }
  return scores;
}

}  // namespace fovea::caption
