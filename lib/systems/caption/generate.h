// Captions for images, by one decoder or the mean of several: beam search, sampling, and the score of given captions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "systems/caption/beam.h"
#include "systems/caption/decoder.h"

namespace fovea::caption {

enum class HardDecode { kExpected, kArgmax, kSample };  // what a hard decoder looks at when it writes

struct GenerateOptions {
  BeamOptions beam;
  bool length_norm = false;
  int64_t n_best = 1;
  bool sample = false;     // n_best independent draws instead of beam search
  double temperature = 1;  // of the draws
  HardDecode hard = HardDecode::kExpected;
  uint64_t seed = 1;  // of draws
};

struct WrittenCaption {
  std::vector<int32_t> words;    // ends in 0 unless the limit cut it
  double log_probability = 0;    // of the words, at temperature 1
  std::vector<float> attention;  // words x places, of the first decoder; empty without attention
  std::vector<float> gate;       // beta of each word (its mean for a vector gate); empty without a gate
};

// The best captions of each image, best first. annotations [I,L,D]; `keys`: what the draws of each image are keyed by.
// An image's captions depend on that image (and its key) alone. REQUIRES decoders of one vocabulary and grid.
std::vector<std::vector<WrittenCaption>> generate(std::span<Decoder* const> decoders, const Tensor& annotations,
                                                  std::span<const uint64_t> keys, const GenerateOptions& options);

// -log p of each caption (end word included), mean probability over the decoders. Any order of lengths.
std::vector<double> score_captions(std::span<Decoder* const> decoders, const Tensor& annotations,
                                   const std::vector<int64_t>& image,
                                   const std::vector<std::vector<int32_t>>& captions);

// A key for draws from an image's id (FNV-1a). Affects output: do not change.
uint64_t draw_key(const std::string& id);

}  // namespace fovea::caption
