#include "systems/caption/compare.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/cpu.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/text.h"
#include "systems/caption/compare_measure.h"
#include "systems/run_record.h"

namespace fovea::caption {
namespace {

using Groups = std::map<std::string, std::vector<const ModelResult*>>;

double nll_of(const ModelResult& result) {
  double nll = 0, words = 0;
  for (const ImageResult& image : result.images) nll += image.nll, words += image.words;
  return words > 0 ? nll / words : 0;
}

eval::BleuScore bleu_of(const ModelResult& result) {
  eval::BleuStatistics all;
  for (const ImageResult& image : result.images) {
    for (size_t k = 0; k < image.bleu.matches.size(); ++k)
      all.matches[k] += image.bleu.matches[k], all.guesses[k] += image.bleu.guesses[k];
    all.hypothesis_length += image.bleu.hypothesis_length;
    all.reference_length += image.bleu.reference_length;
  }
  return eval::bleu_score(all);
}

eval::Table model_table(const std::vector<ModelResult>& results) {
  eval::Table table;
  table.columns = {{"mode"},
                   {"model"},
                   {"parameters"},
                   {"attention_parameters"},
                   {"multiply_adds_per_step"},
                   {"multiply_adds_per_image"},
                   {"train_step_ms", 1},
                   {"caption_ms", 2},
                   {"nll_per_word"},
                   {"bleu_4"},
                   {"bleu_4_no_penalty"},
                   {"attention_entropy"}};
  for (const ModelResult& r : results) {
    const eval::BleuScore bleu = bleu_of(r);
    table.rows.push_back({r.mode, base_name(r.path), r.parameters, r.attention_parameters, r.per_step, r.per_image,
                          r.train_step_ms, r.caption_ms, nll_of(r), bleu.with_penalty.back(),
                          bleu.without_penalty.back(), std::isnan(r.entropy) ? eval::Cell() : eval::Cell(r.entropy)});
  }
  return table;
}

// "soft - none: -0.031 nats a word (95 % interval -0.052..-0.011)"
std::string sentence(const std::string& a, const std::string& b, const Difference& d, const char* unit,
                     bool lower_is_better) {
  const std::string numbers =
      fmt::format("{} minus {}: {:+.4f} {} (95 % interval {:+.4f}..{:+.4f})", a, b, d.value, unit, d.low, d.high);
  if (d.covers_zero()) return numbers + ": no difference shown.";
  const bool a_better = (d.value < 0) == lower_is_better;
  return numbers + fmt::format(": {} is better.", a_better ? a : b);
}

std::string by_length(const Groups& groups) {
  std::string out = "\n| mode |";
  for (int64_t kind = 0; kind < 3; ++kind) out += " " + length_class_name(kind) + " |";
  out += "\n|---|---|---|---|\n";
  for (const auto& [mode, models] : groups) {
    out += "| " + mode + " |";
    for (int64_t kind = 0; kind < 3; ++kind) {
      double nll = 0, words = 0;
      for (const ModelResult* model : models) {
        for (const ImageResult& image : model->images) {
          if (const auto it = image.by_length.find(kind); it != image.by_length.end())
            nll += it->second.first, words += it->second.second;
        }
      }
      out += words > 0 ? fmt::format(" {:.4f} |", nll / words) : std::string(" - |");
    }
    out += "\n";
  }
  return out;
}

double mean_of(const std::vector<const ModelResult*>& models, double ModelResult::*member) {
  double sum = 0;
  for (const ModelResult* model : models) sum += model->*member;
  return sum / static_cast<double>(models.size());
}

std::string cost_text(const Groups& groups) {
  const auto soft = groups.find("soft"), none = groups.find("none");
  if (soft == groups.end() || none == groups.end()) return "Needs models of the modes soft and none.\n";
  const ModelResult &a = *soft->second[0], &b = *none->second[0];
  const auto share = [](double part, double whole) { return 100 * (part / whole - 1); };
  const double steps = 12, a_total = static_cast<double>(a.per_step) * steps + static_cast<double>(a.per_image);
  const double b_total = static_cast<double>(b.per_step) * steps + static_cast<double>(b.per_image);
  return fmt::format(
      "Attention adds {} parameters ({:+.1f} %), {:+.1f} % multiply-adds to a caption of 12 words, {:+.1f} % time to a "
      "training step and {:+.1f} % to "
      "a caption; tensors after a step hold {} against {}.\n",
      a.parameters - b.parameters, share(static_cast<double>(a.parameters), static_cast<double>(b.parameters)),
      share(a_total, b_total),
      share(mean_of(soft->second, &ModelResult::train_step_ms), mean_of(none->second, &ModelResult::train_step_ms)),
      share(mean_of(soft->second, &ModelResult::caption_ms), mean_of(none->second, &ModelResult::caption_ms)),
      format_bytes(static_cast<double>(a.peak_bytes)), format_bytes(static_cast<double>(b.peak_bytes)));
}

std::string markdown(const std::vector<ModelResult>& results, const CompareOptions& options, uint64_t seed) {
  Groups groups;
  for (const ModelResult& result : results) groups[result.mode].push_back(&result);
  const eval::Table table = model_table(results);
  std::string out = fmt::format(
      "# What attention costs, and what it gives\n\n{} test images, {} models; {} threads, {}.\nTimes: medians of {} "
      "rounds in turn, 64 captions of 12 steps; captions with beam {}.\n\n|",
      results[0].images.size(), results.size(), thread_count(), cpu_summary(), options.timing, options.beam);
  for (const eval::Column& column : table.columns) out += " " + column.name + " |";
  out += "\n|" + std::string();
  for (size_t i = 0; i < table.columns.size(); ++i) out += "---|";
  out += "\n";
  for (const ModelResult& r : results) {
    const eval::BleuScore bleu = bleu_of(r);
    out += fmt::format("| {} | {} | {} | {} | {} | {} | {:.1f} | {:.2f} | {:.4f} | {:.4f} | {:.4f} | {} |\n", r.mode,
                       base_name(r.path), r.parameters, r.attention_parameters, r.per_step, r.per_image,
                       r.train_step_ms, r.caption_ms, nll_of(r), bleu.with_penalty.back(), bleu.without_penalty.back(),
                       std::isnan(r.entropy) ? "-" : fmt::format("{:.3f}", r.entropy));
  }
  out += "\n## What does attention cost?\n\n" + cost_text(groups) +
         "\n## When does soft do better than hard, and attention better than none?\n\n";
  const std::vector<std::pair<std::string, std::string>> pairs{
      {"soft", "hard"}, {"soft", "none"}, {"hard", "none"}, {"soft", "none-init"}, {"none", "blind"}};
  for (const auto& [a, b] : pairs) {
    if (groups.count(a) == 0 || groups.count(b) == 0) continue;
    out += "- " + sentence(a, b, nll_difference(groups[a], groups[b], options.resamples, seed), "nats a word", true) +
           "\n";
    out +=
        "- " + sentence(a, b, bleu_difference(groups[a], groups[b], options.resamples, seed), "BLEU-4", false) + "\n";
  }
  return out + "\nNats a word by length of the reference:\n" + by_length(groups);
}

}  // namespace

void declare_compare(cli::OptionTable& table, CompareOptions& o) {
  table.group("Data");
  table.operand("MODEL", o.models, "Caption models, of one vocabulary and one kind of features.", 1, -1);
  table.add("features", o.features, "FILE", "Annotation vectors.").required().is_input_path();
  table.add("data", o.data, "FILE", "A fovea.images file with captions.").required().is_input_path();
  table.add("split", o.split, "NAME", "Which split to measure on.");
  table.group("Measuring");
  table.add("beam", o.beam, "N", "Of the captions written.").range(1, 100).source("[ours]");
  table.add("max-words", o.max_words, "N", "Length limit.").range(1, 1000).source("[ours]");
  table.add("batch", o.batch, "N", "Pictures at a time.").range(1, 4096).source("[ours]");
  table.add("resamples", o.resamples, "N", "Of the paired bootstrap over images.").range(10, 1e6).source("[ours]");
  table.add("timing", o.timing, "N", "Rounds of timing; 0: none.").range(0, 1000).source("[ours]");
  table.group("Output");
  table.output(o.output, "Report as Markdown.");
}

int compare(const CompareOptions& options, const cli::Invocation& invocation) {
  if (!options.output.empty()) probe_output(options.output, invocation.common.no_clobber);
  const io::GridFeaturesReader reader(options.features);
  const data::CaptionSet set = data::read_caption_set(options.data);
  std::vector<CaptionModel> models;
  for (const std::string& path : options.models) {
    models.push_back(load_caption_model(path));
    check_features(reader.layout(), models.back(), options.features);
    if (models.back().context.vocabulary.words() != models[0].context.vocabulary.words())
      fail_data(path + ": vocabulary", "the words of " + options.models[0], "others");
  }
  std::stable_sort(models.begin(), models.end(), [](const CaptionModel& a, const CaptionModel& b) {
    return a.decoder.config().attention < b.decoder.config().attention;
  });
  FeatureStore store(reader, max_memory() / 4);
  std::vector<ModelResult> results;
  for (CaptionModel& model : models) results.push_back(measure_quality(model, options, set, store, reader));
  if (results[0].images.empty())
    fail_data(options.data + ": captions of split " + options.split, "one at least", "none");
  measure_times(models, options, results);
  print_table(model_table(results), invocation);
  if (!options.output.empty()) write_file(options.output, markdown(results, options, invocation.common.seed));
  return 0;
}

}  // namespace fovea::caption
