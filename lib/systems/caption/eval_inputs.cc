#include "systems/caption/eval_inputs.h"

#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/caption_json_formats.h"
#include "data/tokenizer.h"
#include "io/json.h"

namespace fovea::caption {
namespace {

std::string read_json_text(const std::string& path) {
  return read_text_file(path, std::min(io::kJsonMaxBytes, max_memory()));
}

std::vector<data::CaptionResult> read_captions(const io::CaptionsReader& reader) {
  std::vector<data::CaptionResult> results;
  for (size_t i = 0; i < reader.image_ids().size(); ++i) {
    const int64_t begin = reader.begin(static_cast<int64_t>(i)), end = reader.begin(static_cast<int64_t>(i) + 1);
    results.push_back({reader.image_ids()[i], begin < end ? reader.text(begin) : ""});
  }
  return results;
}

class Tokens {
 public:
  explicit Tokens(const EvalOptions& options)
      : kind_(data::parse_tokenizer(options.tokenizer)), keep_(options.keep_punctuation) {}
  eval::WordIds operator()(const std::string& text, eval::WordTable& words) const {
    return words.ids(data::tokenize(text, kind_, keep_));
  }

 private:
  data::TokenizerKind kind_;
  bool keep_;
};

// Which image of the references each caption belongs to.
std::unordered_map<int64_t, const data::CaptionResult*> by_image(const std::vector<data::CaptionResult>& results,
                                                                 const data::CaptionSet& references,
                                                                 const std::string& file) {
  std::unordered_map<int64_t, const data::CaptionResult*> found;
  for (size_t i = 0; i < results.size(); ++i) {
    const int64_t image = references.find(results[i].image_id);
    if (image < 0) {
      fail_data(fmt::format("{}: image_id[{}]", file, i), "an image of " + references.path,
                "'" + printable(results[i].image_id) + "'");
    }
    found.emplace(image, &results[i]);
  }
  return found;
}

}  // namespace

data::CaptionSet read_references(const EvalOptions& options) {
  if (options.coco_annotations.empty()) return data::read_caption_set(options.data);
  data::CaptionCollector collector({int64_t{1} << 20, false});
  data::parse_coco_captions(read_json_text(options.coco_annotations), options.coco_annotations, "", 0, collector);
  data::CaptionSet set;
  set.path = options.coco_annotations;
  set.offsets.push_back(0);
  for (data::CaptionedImage& image : collector.images()) {
    set.index.emplace(image.id, set.count());
    set.ids.push_back(std::move(image.id));
    for (std::string& caption : image.captions) set.captions.push_back(std::move(caption));
    set.offsets.push_back(static_cast<int64_t>(set.captions.size()));
  }
  set.splits.resize(set.ids.size());
  set.boxes.resize(set.ids.size());
  return set;
}

EvalInputs read_eval_inputs(const EvalOptions& options, const data::CaptionSet& references,
                            const io::CaptionsReader* captions) {
  const std::string& file = options.coco_results.empty() ? options.captions : options.coco_results;
  const auto results =
      captions != nullptr ? read_captions(*captions) : data::parse_caption_results(read_json_text(file), file);
  const auto found = by_image(results, references, file);
  std::vector<int64_t> measured;
  int64_t without = 0, first = 0;
  for (const int64_t image : references.images_of(options.split)) {
    if (found.contains(image)) {
      measured.push_back(image);
    } else if (!options.split.empty() && without++ == 0) {
      first = image;
    }
  }
  if (without > 0 && !options.listed_only) {
    throw Error(ErrorKind::kData,
                fmt::format("{}: {} image(s) of split {} have no caption, the first: {}", file, without, options.split,
                            printable(references.ids[static_cast<size_t>(first)])),
                "--listed-only measures those that have one");
  }
  if (measured.empty()) fail_data(file, "captions of images to measure", "none");
  std::vector<data::CaptionResult> others;
  std::unordered_map<int64_t, const data::CaptionResult*> versus;
  if (!options.versus.empty()) {
    others = read_captions(io::CaptionsReader(options.versus));
    versus = by_image(others, references, options.versus);
  }
  EvalInputs inputs;
  const Tokens tokens(options);
  for (const int64_t image : measured) {
    const auto i = static_cast<size_t>(image);
    eval::CaptionCase item;
    for (const std::string& reference : references.captions_of(image)) {
      item.references.push_back(tokens(reference, inputs.words));
    }
    if (item.references.empty()) {
      fail_data(references.path + ": image " + printable(references.ids[i]), "at least one caption", "none");
    }
    inputs.ids.push_back(references.ids[i]);
    inputs.texts.push_back(found.at(image)->caption);
    item.hypothesis = tokens(inputs.texts.back(), inputs.words);
    if (options.idf_from.empty()) inputs.frequency.add(item.references);
    if (!options.versus.empty()) {
      const auto other = versus.find(image);
      if (other == versus.end()) {
        fail_data(options.versus, "a caption of image " + printable(references.ids[i]), "none");
      }
      inputs.versus.push_back({tokens(other->second->caption, inputs.words), item.references});
    }
    inputs.corpus.push_back(std::move(item));
  }
  if (!options.idf_from.empty()) {
    const data::CaptionSet others_set = data::read_caption_set(options.idf_from);
    for (const int64_t image : others_set.images_of(options.idf_split)) {
      std::vector<eval::WordIds> list;
      for (const std::string& text : others_set.captions_of(image)) list.push_back(tokens(text, inputs.words));
      inputs.frequency.add(list);
    }
  }
  if (inputs.frequency.images() < 2) log::warning("CIDEr: document frequencies of one image give 0; see --idf-from");
  return inputs;
}

}  // namespace fovea::caption
