#include "systems/caption/pointing.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "data/tokenizer.h"
#include "train/model.h"

namespace fovea::caption {
namespace {

// For each token, the boxes of the object it names.
std::vector<std::vector<fovea::Box>> named_boxes(const std::vector<std::string>& words,
                                                 const std::vector<data::NamedBox>& boxes) {
  std::vector<std::vector<fovea::Box>> result(words.size());
  for (const data::NamedBox& object : boxes) {
    const auto name = data::tokenize(object.name, data::TokenizerKind::kPtb, false);
    if (name.empty()) continue;
    for (auto at = std::search(words.begin(), words.end(), name.begin(), name.end()); at != words.end();
         at = std::search(at + 1, words.end(), name.begin(), name.end())) {
      for (size_t k = 0; k < name.size(); ++k)
        result[static_cast<size_t>(at - words.begin()) + k].push_back(object.box);
    }
  }
  return result;
}

}  // namespace

void PointingScore::add(const PointingScore& other) {
  words += other.words;
  mass += other.mass;
  peak += other.peak;
  uniform += other.uniform;
  centre += other.centre;
  entropy += other.entropy;
}

PointingScore PointingScore::mean() const {
  const double n = std::max<double>(1, static_cast<double>(words));
  return {words, mass / n, peak / n, uniform / n, centre / n, entropy / n};
}

std::optional<data::Preprocess> seen_preprocess(const io::CaptionsReader& captions) {
  const std::string& json = captions.layout().preprocess;
  if (json.empty()) return std::nullopt;
  return train::parse_preprocess(json, captions.path());
}

std::optional<PointingReport> measure_pointing(const io::CaptionsReader& captions, const data::CaptionSet& set,
                                               const std::string& split) {
  const io::CaptionsLayout& layout = captions.layout();
  if (layout.places() == 0 || !set.has_boxes) return std::nullopt;
  const std::optional<data::Preprocess> preprocess = seen_preprocess(captions);
  const auto places = static_cast<size_t>(layout.places());
  const std::vector<float> uniform = eval::uniform_attention(layout.grid), centre = eval::centre_attention(layout.grid);
  PointingReport report;
  for (const int64_t image : set.images_of(split)) {
    const auto i = static_cast<size_t>(image);
    const int64_t entry = captions.find(set.ids[i]);
    if (entry < 0 || captions.begin(entry) == captions.begin(entry + 1)) continue;
    const int64_t caption = captions.begin(entry);
    std::vector<std::string> words;
    for (const int32_t token : captions.tokens(caption)) words.push_back(layout.vocabulary[static_cast<size_t>(token)]);
    const auto boxes = named_boxes(words, set.boxes[i]);
    const std::vector<float> attention = captions.attention(caption);
    const eval::SeenArea area = eval::seen_area(preprocess, set.sizes[2 * i], set.sizes[2 * i + 1]);
    for (size_t t = 0; t < words.size(); ++t) {
      if (boxes[t].empty()) continue;
      const auto weights = std::span(attention).subspan(t * places, places);
      const double most = std::log(static_cast<double>(places));
      const PointingScore score{1,
                                eval::mass_inside(weights, layout.grid, area, boxes[t]),
                                eval::peak_inside(weights, layout.grid, area, boxes[t]) ? 1.0 : 0.0,
                                eval::mass_inside(uniform, layout.grid, area, boxes[t]),
                                eval::mass_inside(centre, layout.grid, area, boxes[t]),
                                most > 0 ? eval::attention_entropy(weights) / most : 0};
      report.all.add(score);
      report.words[words[t]].add(score);
    }
  }
  report.all = report.all.mean();
  for (auto& [word, score] : report.words) score = score.mean();
  return report;
}

}  // namespace fovea::caption
