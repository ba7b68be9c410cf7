// caption-attend convert: its options, and which conversion is meant; vocab.
#include "systems/caption/convert.h"

#include <unordered_map>

#include "base/error.h"
#include "data/caption_set.h"
#include "data/tokenizer.h"
#include "data/vocabulary.h"
#include "eval/table.h"
#include "io/h5_reader.h"
#include "systems/caption/convert_parts.h"
#include "systems/run_record.h"

namespace fovea::caption {
namespace {

void declare_rules(cli::OptionTable& table, ConvertOptions& options) {
  table.group("Captions");
  table.add("split", options.split, "NAME", "Split of all images read.")
      .default_text("as the files say: split lists, 'split', captions_train2014.json");
  table.add("set", options.sets, "NAME", "Keep the images of these splits.").default_text("all");
  table.add("restval", options.restval, "HOW", "Images of Karpathy's split restval.")
      .choices({"skip", "train"})
      .source("[paper §5.2]")
      .only_with("from", {"karpathy"});
  table.add("text", options.text, "WHICH", "Text of a Karpathy sentence: as written, or its tokens joined by blanks.")
      .choices({"raw", "tokens"})
      .only_with("from", {"karpathy"});
  table.add("captions-per-image", options.captions_per_image, "N", "Keep the first N captions of an image; 0: all.")
      .range(-1, 1e6)
      .default_text("5 for coco (by ascending annotation id), else all")
      .source("[ours]");
  table.add("max-caption-bytes", options.max_caption_bytes, "N", "Longer captions are left out, and counted.")
      .range(1, 1 << 20)
      .source("[ours]");
  table.add("strict", options.strict,
            "Make errors of empty and over-long captions, missing pictures, pictures without captions.");
  table.group("Pictures");
  table.add("pictures", options.pictures, "DIR", "Where the pictures lie; without it the set has none.")
      .completes(cli::Completion::kDirectory);
  table.add("skip-bad-images", options.skip_bad_images, "Leave out pictures that can't be decoded, and say so.");
  table.add("copy-pictures", options.copy_pictures, "Write the folder Images too.").only_with("to", {"flickr8k"});
}

void declare_scenes(cli::OptionTable& table, ConvertOptions& options) {
  table.group("Scenes");
  table.add("count", options.count, "N", "How many pictures.")
      .range(1, 1e8)
      .only_with("from", {"scenes"})
      .source("[ours]");
  table.add("side", options.side, "N", "Side of the pictures.")
      .range(8, 4096)
      .only_with("from", {"scenes"})
      .source("[ours]");
  table.add("min-objects", options.min_objects, "N", "Fewest objects in a picture.")
      .range(1, 3)
      .only_with("from", {"scenes"})
      .source("[ours]");
  table.add("max-objects", options.max_objects, "N", "Most objects in a picture.")
      .range(1, 3)
      .only_with("from", {"scenes"})
      .source("[ours]");
  table.add("noise", options.noise, "X", "Scale of noise.").range(0, 10).only_with("from", {"scenes"}).source("[ours]");
  table.add("test-fraction", options.test_fraction, "X", "Share of the split test.")
      .range(0, 1)
      .only_with("from", {"scenes"})
      .source("[ours]");
  table.add("val-fraction", options.val_fraction, "X", "Share of the split val.")
      .range(0, 1)
      .only_with("from", {"scenes"})
      .source("[ours]");
}

}  // namespace

void declare_convert(cli::OptionTable& table, ConvertOptions& options) {
  table.operand("INPUT", options.inputs, "What to read; see --from.", 0, -1);
  table.output(options.output, "File to write; for --to flickr8k an existing folder.").required();
  table.group("Conversion");
  table.add("from", options.from, "FORMAT", "Kind of the input.")
      .choices({"fovea", "flickr8k", "karpathy", "coco", "tsv", "scenes", "coco-results"})
      .text(
          "flickr8k: a token file (IMAGE#K, a tab, a caption), or a folder with Flickr8k.token.txt; lists called "
          "*trainImages.txt, *devImages.txt (which becomes val) and *testImages.txt beside it give the splits; files "
          "of "
          "Flickr30k too. karpathy: a dataset_*.json. coco: captions_*.json files. tsv: lines of image, tab, caption, "
          "and perhaps a tab and a split. scenes: generated pictures of coloured shapes whose caption is a function of "
          "the picture ('a red circle left of a blue square'), with the box of each named object; no input. These "
          "become a fovea.images file. coco-results: the JSON list that caption evaluators read; it becomes a "
          "fovea.captions file without attention. fovea: one of the two, with --to.");
  table.add("to", options.to, "FORMAT", "Kind of the output.")
      .choices({"fovea", "flickr8k", "karpathy", "coco", "tsv", "coco-results"})
      .text(
          "From fovea.images: flickr8k (a token file, split lists and the pictures in the folder -o), karpathy, coco, "
          "tsv. From fovea.captions: coco-results and tsv, the best caption of each image.");
  declare_rules(table, options);
  declare_scenes(table, options);
}

int convert(const ConvertOptions& options, const cli::Invocation& invocation) {
  const bool from_fovea = options.from == "fovea";
  if (from_fovea == (options.to == "fovea")) {
    fail(ErrorKind::kUsage, "--from {} --to {}: expected exactly one of them to be fovea, found {}", options.from,
         options.to, from_fovea ? "both" : "neither");
  }
  if (options.from == "scenes") return import_scenes(options, invocation);
  if (!invocation.common.shard.whole()) fail(ErrorKind::kUsage, "--shard: only with --from scenes");
  if (options.inputs.empty()) fail(ErrorKind::kUsage, "--from {}: expected an input, found none", options.from);
  if (options.from == "coco-results") return import_results(options, invocation);
  if (!from_fovea) return import_captions(options, invocation);
  if (options.inputs.size() != 1) {
    fail(ErrorKind::kUsage, "--to {}: expected one input, found {}", options.to, options.inputs.size());
  }
  if (options.to == "coco-results") return export_generated(options, invocation);
  if (options.to != "tsv") return export_set(options, invocation);
  const std::string& input = options.inputs[0];
  if (input == "-") fail(ErrorKind::kUsage, "--to tsv: expected a file, found '-': its kind is looked at first");
  const bool generated = io::H5Reader::open(input, "").attributes().schema == "fovea.captions";
  return generated ? export_generated(options, invocation) : export_set(options, invocation);
}

void declare_vocab(cli::OptionTable& table, VocabOptions& options) {
  table.operand("DATA", options.data, "A fovea.images file with captions.").is_input_path();
  table.group("Vocabulary");
  table.add("split", options.split, "NAME", "Split whose captions are counted; empty: all.").source("[paper §5.2]");
  table.add("tokenizer", options.tokenizer, "KIND", "How captions become words.")
      .choices({"ptb", "space", "karpathy"})
      .source("[ours]");
  table.add("keep-punctuation", options.keep_punctuation, "Punctuation marks are words (ptb).");
  table.add("vocabulary", options.size, "N", "Entries at most, <end> and <unk> among them; 0: all.")
      .at_least(0)
      .source("[paper §5.2]");
  table.add("min-count", options.min_count, "N", "Leave out rarer words.").range(1, 1e9).source("[ours]");
}

int vocab(const VocabOptions& options, const cli::Invocation& invocation) {
  const data::CaptionSet set = data::read_caption_set(options.data);
  const data::TokenizerKind kind = data::parse_tokenizer(options.tokenizer);
  std::vector<std::vector<std::string>> captions;
  std::unordered_map<std::string, int64_t> counts;
  for (const int64_t image : set.images_of(options.split)) {
    for (const std::string& text : set.captions_of(image)) {
      captions.push_back(data::tokenize(text, kind, options.keep_punctuation));
      for (const std::string& token : captions.back()) ++counts[token];
    }
  }
  const auto words = data::Vocabulary::build(captions, options.size, options.min_count);
  eval::Table table{{{"id"}, {"word"}, {"count"}, {"share", 6}}, {}};
  int64_t total = 0, known = 0;
  for (const auto& [word, count] : counts) total += count;
  for (int32_t id = 2; id < words.size(); ++id) known += counts[words.word(id)];
  const auto share = [&](int64_t count) {
    return total > 0 ? eval::Cell(static_cast<double>(count) / static_cast<double>(total)) : eval::Cell();
  };
  for (int32_t id = 0; id < words.size(); ++id) {
    const int64_t count = id == data::Vocabulary::kEnd       ? static_cast<int64_t>(captions.size())
                          : id == data::Vocabulary::kUnknown ? total - known
                                                             : counts[words.word(id)];
    table.rows.push_back({int64_t{id}, words.word(id), count, share(count)});
  }
  print_table(table, invocation);
  return 0;
}

}  // namespace fovea::caption
