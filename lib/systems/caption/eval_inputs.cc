#include "systems/caption/eval_inputs.h"

#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/text.h"
#include "data/caption_json_formats.h"
#include "data/tokenizer.h"
#include "io/json.h"

namespace fovea::caption {
namespace {

constexpr int64_t kAtOnce = 1024;  // images tokenised in parallel

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

class Tokenizer {
 public:
  explicit Tokenizer(const EvalOptions& options)
      : kind_(data::parse_tokenizer(options.tokenizer)), keep_(options.keep_punctuation) {}
  std::vector<std::string> operator()(const std::string& text) const { return data::tokenize(text, kind_, keep_); }

 private:
  data::TokenizerKind kind_;
  bool keep_;
};

using ByImage = std::unordered_map<int64_t, const data::CaptionResult*>;

// Which image of the references each caption belongs to.
ByImage by_image(const std::vector<data::CaptionResult>& results, const data::CaptionSet& references,
                 const std::string& file) {
  ByImage found;
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

// The images to measure, in the order of the set.
std::vector<int64_t> measured_images(const EvalOptions& options, const data::CaptionSet& references,
                                     const ByImage& found, const std::string& file) {
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
  for (const int64_t image : measured) {
    if (references.captions_of(image).empty()) {
      fail_data(references.path + ": image " + printable(references.ids[static_cast<size_t>(image)]),
                "at least one caption", "none");
    }
  }
  return measured;
}

// All captions of an image, the generated ones first.
using Words = std::vector<std::vector<std::string>>;

void count_frequencies(const EvalOptions& options, const Tokenizer& tokenizer, EvalInputs& inputs) {
  if (options.idf_from.empty()) {
    for (const eval::CaptionCase& item : inputs.corpus) inputs.frequency.add(item.references);
  } else {
    const data::CaptionSet others = data::read_caption_set(options.idf_from);
    for (const int64_t image : others.images_of(options.idf_split)) {
      std::vector<eval::WordIds> list;
      for (const std::string& text : others.captions_of(image)) list.push_back(inputs.words.ids(tokenizer(text)));
      inputs.frequency.add(list);
    }
  }
  if (inputs.frequency.images() < 2) log::warning("CIDEr: document frequencies of one image give 0; see --idf-from");
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
  const std::vector<int64_t> measured = measured_images(options, references, found, file);
  std::vector<data::CaptionResult> others;
  ByImage versus;
  if (!options.versus.empty()) {
    others = read_captions(io::CaptionsReader(options.versus));
    versus = by_image(others, references, options.versus);
  }
  const Tokenizer tokenizer(options);
  const auto tokenize_image = [&](int64_t k) {
    const int64_t image = measured[static_cast<size_t>(k)];
    Words words{tokenizer(found.at(image)->caption)};
    if (!options.versus.empty()) {
      const auto other = versus.find(image);
      if (other == versus.end()) {
        fail_data(options.versus, "a caption of image " + printable(references.ids[static_cast<size_t>(image)]),
                  "none");
      }
      words.push_back(tokenizer(other->second->caption));
    }
    for (const std::string& reference : references.captions_of(image)) words.push_back(tokenizer(reference));
    return words;
  };
  EvalInputs inputs;
  parallel_ordered(static_cast<int64_t>(measured.size()), kAtOnce, tokenize_image, [&](int64_t k, Words words) {
    const int64_t image = measured[static_cast<size_t>(k)];
    eval::CaptionCase item{inputs.words.ids(words[0]), {}};
    const size_t first = options.versus.empty() ? 1 : 2;
    for (size_t r = first; r < words.size(); ++r) item.references.push_back(inputs.words.ids(words[r]));
    if (first == 2) inputs.versus.push_back({inputs.words.ids(words[1]), item.references});
    inputs.ids.push_back(references.ids[static_cast<size_t>(image)]);
    inputs.texts.push_back(found.at(image)->caption);
    inputs.corpus.push_back(std::move(item));
  });
  count_frequencies(options, tokenizer, inputs);
  return inputs;
}

}  // namespace fovea::caption
