// Does attention look at what the word names? Where a set has boxes of named objects.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "data/caption_set.h"
#include "eval/attention_map.h"
#include "io/captions_file.h"

namespace fovea::caption {

// Means over words that name an object with a box in the picture.
struct PointingScore {
  int64_t words = 0;
  double mass = 0;                       // share of the attention inside the boxes of that name
  double peak = 0;                       // share of the words whose greatest weight lies inside
  double uniform = 0;                    // `mass` of equal weights: chance
  double centre = 0;                     // `mass` of a Gaussian in the middle
  double entropy = 0;                    // of the weights, as a share of ln L
  void add(const PointingScore& other);  // sums; divide by words
  PointingScore mean() const;
};

struct PointingReport {
  PointingScore all;                           // means
  std::map<std::string, PointingScore> words;  // by word, means
};

// The best caption of each image that is in `set`. An object is named where the words of its class name (ptb tokens)
// stand one after another; every one of them counts. Several objects of one name count as their union. nullopt if the
// file has no attention or the set no boxes.
std::optional<PointingReport> measure_pointing(const io::CaptionsReader& captions, const data::CaptionSet& set,
                                               const std::string& split);

// The preprocess of the features, as io::CaptionsLayout::preprocess has it; nullopt if the file does not say.
std::optional<data::Preprocess> seen_preprocess(const io::CaptionsReader& captions);

}  // namespace fovea::caption
