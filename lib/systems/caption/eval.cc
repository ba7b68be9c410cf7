#include "systems/caption/eval.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "data/caption_json_formats.h"
#include "data/coco.h"
#include "data/wordnet.h"
#include "eval/caption_scores.h"
#include "eval/stemmer.h"
#include "eval/table.h"
#include "systems/caption/eval_inputs.h"
#include "systems/caption/pointing.h"
#include "systems/requirement.h"
#include "systems/run_record.h"

namespace fovea::caption {
namespace {

const std::vector<std::string>& pointing_names() {
  static const std::vector<std::string> names{"pointing_words",   "pointing_mass",   "pointing_peak",
                                              "pointing_uniform", "pointing_centre", "pointing_ratio",
                                              "attention_entropy"};
  return names;
}

std::vector<eval::Cell> pointing_cells(const std::optional<PointingScore>& score) {
  if (!score || score->words == 0) return std::vector<eval::Cell>(pointing_names().size());
  const eval::Cell ratio = score->uniform > 0 ? eval::Cell(score->mass / score->uniform) : eval::Cell();
  return {score->words, score->mass, score->peak, score->uniform, score->centre, ratio, score->entropy};
}

std::vector<std::string> summary_names() {
  std::vector<std::string> names{"images", "references", "words"};
  names.insert(names.end(), eval::caption_score_names().begin(), eval::caption_score_names().end());
  names.insert(names.end(), pointing_names().begin(), pointing_names().end());
  return names;
}

eval::Table table_of(std::vector<std::string> first, const std::vector<std::string>& rest) {
  eval::Table table;
  for (std::string& name : first) table.columns.push_back({std::move(name)});
  for (const std::string& name : rest) table.columns.push_back({name});
  return table;
}

void append(std::vector<eval::Cell>& row, const std::vector<double>& values) {
  for (const double value : values) row.emplace_back(value);
}

// Images, references and mean words of some images, then their scores.
std::vector<eval::Cell> summary_cells(const EvalInputs& inputs, const std::vector<eval::CaptionStatistics>& images,
                                      const std::vector<size_t>& which) {
  int64_t references = 0;
  eval::CaptionStatistics sum;
  sum.images = 0;
  for (const size_t i : which) {
    references += static_cast<int64_t>(inputs.corpus[i].references.size());
    sum.add(images[i]);
  }
  const auto count = static_cast<int64_t>(which.size());
  std::vector<eval::Cell> row{count, references,
                              sum.bleu.hypothesis_length / std::max(1.0, static_cast<double>(count))};
  append(row, eval::caption_scores(sum));
  return row;
}

std::vector<size_t> all_of(const EvalInputs& inputs) {
  std::vector<size_t> which(inputs.corpus.size());
  for (size_t i = 0; i < which.size(); ++i) which[i] = i;
  return which;
}

eval::Table summary_table(const EvalInputs& inputs, const std::vector<eval::CaptionStatistics>& images,
                          const std::optional<PointingReport>& pointing) {
  eval::Table table = table_of({}, summary_names());
  std::vector<eval::Cell> row = summary_cells(inputs, images, all_of(inputs));
  const auto cells = pointing_cells(pointing ? std::optional(pointing->all) : std::nullopt);
  row.insert(row.end(), cells.begin(), cells.end());
  table.rows.push_back(std::move(row));
  return table;
}

eval::Table image_table(const EvalInputs& inputs, const std::vector<eval::CaptionStatistics>& images) {
  eval::Table table = table_of({"image_id", "caption", "words"}, eval::caption_score_names());
  for (size_t i = 0; i < images.size(); ++i) {
    std::vector<eval::Cell> row{inputs.ids[i], inputs.texts[i],
                                static_cast<int64_t>(inputs.corpus[i].hypothesis.size())};
    append(row, eval::caption_scores(images[i]));
    table.rows.push_back(std::move(row));
  }
  return table;
}

// By the mean length of the references, in words.
eval::Table length_table(const EvalInputs& inputs, const std::vector<eval::CaptionStatistics>& images,
                         const std::vector<int64_t>& bins) {
  std::vector<std::vector<size_t>> groups(bins.size() + 1);
  for (size_t i = 0; i < images.size(); ++i) {
    double words = 0;
    for (const auto& reference : inputs.corpus[i].references) words += static_cast<double>(reference.size());
    words /= static_cast<double>(inputs.corpus[i].references.size());
    size_t bin = 0;
    while (bin < bins.size() && words > static_cast<double>(bins[bin])) ++bin;
    groups[bin].push_back(i);
  }
  eval::Table table = table_of({"reference_words", "images", "references", "words"}, eval::caption_score_names());
  for (size_t bin = 0; bin < groups.size(); ++bin) {
    if (groups[bin].empty()) continue;
    const std::string name = bin == bins.size() ? fmt::format("> {}", bins.back())
                             : bin == 0         ? fmt::format("<= {}", bins[0])
                                                : fmt::format("{}..{}", bins[bin - 1], bins[bin]);
    std::vector<eval::Cell> row{name};
    const auto cells = summary_cells(inputs, images, groups[bin]);
    row.insert(row.end(), cells.begin(), cells.end());
    table.rows.push_back(std::move(row));
  }
  return table;
}

eval::Table pointing_table(const PointingReport& report) {
  eval::Table table = table_of({"word"}, pointing_names());
  const auto add = [&](const std::string& word, const PointingScore& score) {
    std::vector<eval::Cell> row{word};
    const auto cells = pointing_cells(score);
    row.insert(row.end(), cells.begin(), cells.end());
    table.rows.push_back(std::move(row));
  };
  for (const auto& [word, score] : report.words) add(word, score);
  add("all", report.all);
  return table;
}

eval::Table interval_table(const std::vector<eval::CaptionStatistics>& images, int64_t resamples, uint64_t seed) {
  eval::Table table = table_of({"score", "value", "low", "high"}, {});
  const auto values = eval::caption_scores(eval::sum_of(images));
  const auto intervals = eval::bootstrap_intervals(images, resamples, seed);
  for (size_t k = 0; k < values.size(); ++k) {
    table.rows.push_back({eval::caption_score_names()[k], values[k], intervals[k].low, intervals[k].high});
  }
  return table;
}

eval::Table versus_table(const std::vector<eval::CaptionStatistics>& images,
                         const std::vector<eval::CaptionStatistics>& others, int64_t resamples, uint64_t seed) {
  eval::Table table = table_of({"score", "value", "versus", "difference", "low", "high", "p"}, {});
  const auto values = eval::caption_scores(eval::sum_of(images)), theirs = eval::caption_scores(eval::sum_of(others));
  const auto differences = eval::paired_bootstrap(images, others, resamples, seed);
  for (size_t k = 0; k < values.size(); ++k) {
    const eval::ScoreDifference& d = differences[k];
    table.rows.push_back(
        {eval::caption_score_names()[k], values[k], theirs[k], d.difference, d.interval.low, d.interval.high, d.p});
  }
  return table;
}

EvalOptions checked(EvalOptions options) {
  if (!options.pred.empty() && !options.captions.empty()) {
    fail(ErrorKind::kUsage, "--pred: expected either it or the operand CAPTIONS, found both");
  }
  if (options.captions.empty()) options.captions = options.pred;
  if (options.captions.empty() == options.coco_results.empty()) {
    fail(ErrorKind::kUsage, "expected captions: an operand, --pred or --coco-results, found {}",
         options.captions.empty() ? "none" : "two of them");
  }
  if (options.data.empty() == options.coco_annotations.empty()) {
    fail(ErrorKind::kUsage, "expected references: --data or --coco-annotations, found {}",
         options.data.empty() ? "neither" : "both");
  }
  if (!std::is_sorted(options.length_bins.begin(), options.length_bins.end()) || options.length_bins.empty()) {
    fail(ErrorKind::kUsage, "--length-bins: expected rising numbers of words");
  }
  return options;
}

void write_results(const EvalOptions& options, const EvalInputs& inputs, const cli::Invocation& invocation) {
  std::vector<data::CaptionResult> results;
  for (size_t i = 0; i < inputs.ids.size(); ++i) results.push_back({inputs.ids[i], inputs.texts[i]});
  write_file(options.export_coco, data::caption_results_text(results, data::coco_image_ids(inputs.ids)),
             {invocation.common.no_clobber, 0});
}

eval::Table make_report(const EvalOptions& options, const EvalInputs& inputs, const eval::MeteorLexicon& lexicon,
                        const std::vector<eval::CaptionStatistics>& images, const eval::Table& summary,
                        const std::optional<PointingReport>& pointing, uint64_t seed) {
  if (options.report == "images") return image_table(inputs, images);
  if (options.report == "length") return length_table(inputs, images, options.length_bins);
  if (options.report == "pointing") {
    if (!pointing) {
      fail_data(options.captions, "attention, and boxes in " + options.data + ", for --report pointing", "none");
    }
    return pointing_table(*pointing);
  }
  const int64_t resamples = options.bootstrap > 0 ? options.bootstrap : 1000;
  if (!options.versus.empty()) {
    return versus_table(images, eval::caption_statistics(inputs.versus, inputs.frequency, lexicon), resamples, seed);
  }
  return options.bootstrap > 0 ? interval_table(images, resamples, seed) : summary;
}

}  // namespace

void declare_eval(cli::OptionTable& table, EvalOptions& options) {
  table.operand("CAPTIONS", options.captions, "Generated captions: a fovea.captions file.", false).is_input_path();
  table.group("Captions and references");
  table.add("pred", options.pred, "FILE", "The captions, instead of the operand.").is_input_path();
  table.add("data", options.data, "FILE", "References: a fovea.images file with captions.").is_input_path();
  table.add("split", options.split, "NAME", "Every image of this split must have a caption.")
      .default_text("the images that have one");
  table.add("listed-only", options.listed_only, "Measure the images of --split that have a caption.")
      .only_with("split");
  table.add("coco-annotations", options.coco_annotations, "FILE", "References: a captions_*.json.").is_input_path();
  table.add("coco-results", options.coco_results, "FILE", "Captions: a JSON list of image_id and caption.")
      .is_input_path();
  table.group("Words");
  table.add("tokenizer", options.tokenizer, "KIND", "How captions and references become words.")
      .choices({"ptb", "space", "karpathy"})
      .source("[COCO evaluator]")
      .text(
          "ptb: lower case, as the COCO evaluator; it differs from the Stanford tokeniser on rare input (Mr., gonna, "
          "fractions, URLs, British spelling). space: split at blanks, as the authors of the paper did.");
  table.add("keep-punctuation", options.keep_punctuation, "Punctuation marks are words (ptb).");
  table.add("idf-from", options.idf_from, "FILE", "CIDEr: count document frequencies in this fovea.images file.")
      .is_input_path()
      .default_text("the references");
  table.add("idf-split", options.idf_split, "NAME", "Its split.").default_text("all").only_with("idf-from");
  table.add("wordnet", options.wordnet, "DIR", "METEOR-X: synonyms from a WordNet 3 folder (index.noun, ...).")
      .completes(cli::Completion::kDirectory)
      .default_text("no synonyms");
  table.group("Report");
  table.add("report", options.report, "KIND", "What to print.")
      .choices({"summary", "images", "length", "pointing"})
      .text(
          "summary: one row; BLEU with and without the brevity penalty, the ratio of the lengths, METEOR-X, ROUGE-L, "
          "CIDEr-D (what COCO's evaluator calls CIDEr), CIDEr, exact matches, and where there are boxes and attention "
          "how much of it falls on the named objects. images: a row for each. length: by the mean number of words in "
          "the references. pointing: a row for each word that names an object.");
  table.add("length-bins", options.length_bins, "N,...", "Limits of the rows of --report length.")
      .at_least(1)
      .source("[ours]")
      .only_with("report", {"length"});
  table.add("bootstrap", options.bootstrap, "N", "95 % intervals over N resampled sets of images; 0: none.")
      .range(0, 1e6)
      .source("[ours]");
  table.add("versus", options.versus, "FILE", "Compare with these captions by a paired bootstrap.").is_input_path();
  table.add("require", options.require, "TEST", "Exit 1 unless the summary fulfils this, e.g. 'bleu_4>=0.2'.");
  table.add("export-coco", options.export_coco, "FILE", "Write the captions as JSON for the official evaluator.")
      .is_output_path()
      .no_effect_on_content();
}

int evaluate(const EvalOptions& given, const cli::Invocation& invocation) {
  const EvalOptions options = checked(given);
  std::optional<Requirement> requirement;
  if (!options.require.empty()) requirement.emplace(options.require, summary_names());
  if (!options.export_coco.empty()) probe_output(options.export_coco, invocation.common.no_clobber);
  const data::CaptionSet references = read_references(options);
  std::optional<io::CaptionsReader> captions;
  if (options.coco_results.empty()) captions.emplace(options.captions);
  const EvalInputs inputs = read_eval_inputs(options, references, captions ? &*captions : nullptr);
  eval::MeteorLexicon::Synsets synsets;
  data::WordNet wordnet;
  if (!options.wordnet.empty()) {
    wordnet = data::WordNet(options.wordnet);
    synsets = [&](std::string_view word) { return wordnet.synsets(word); };
  }
  const eval::MeteorLexicon lexicon(inputs.words, eval::english_stem, synsets);
  const auto images = eval::caption_statistics(inputs.corpus, inputs.frequency, lexicon);
  std::optional<PointingReport> pointing;
  if (captions) pointing = measure_pointing(*captions, references, options.split);
  const eval::Table summary = summary_table(inputs, images, pointing);
  print_table(make_report(options, inputs, lexicon, images, summary, pointing, invocation.common.seed), invocation);
  if (!options.export_coco.empty()) write_results(options, inputs, invocation);
  log::info("{} images; METEOR-X: exact, Snowball English stems{}", images.size(),
            options.wordnet.empty() ? ", no synonyms" : ", WordNet synonyms");
  if (requirement && !requirement->holds(summary)) {
    log::error("--require {}: not fulfilled", options.require);
    return static_cast<int>(ErrorKind::kNegative);
  }
  return 0;
}

}  // namespace fovea::caption
