#include "systems/image_sources.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"

namespace fovea {
namespace {

std::vector<int64_t> items_of(const data::ImageSource& source, const std::string& split, int64_t limit) {
  std::vector<int64_t> items;
  for (int64_t i = 0; i < source.size(); ++i) {
    if (limit > 0 && static_cast<int64_t>(items.size()) == limit) break;
    if (!source.has_splits() || split.empty() || source.split(i) == split) items.push_back(i);
  }
  return items;
}

void report_bad(const std::string& name, const std::vector<std::string>& dropped) {
  if (dropped.empty()) return;
  for (const auto& line : dropped) log::debug("{}: left out: {}", name, line);
  log::warning("{}: {} picture(s) can't be decoded and are left out, the first: {}", name, dropped.size(), dropped[0]);
}

[[noreturn]] void fail_split(const data::ImageSource& source, const std::string& split) {
  std::set<std::string> names;
  for (int64_t i = 0; i < source.size(); ++i) names.insert(source.split(i));
  fail_data(source.name() + ": split", fmt::format("items of '{}'", split), join({names.begin(), names.end()}, ", "));
}

data::ImageSource open_all(const std::string& path, bool skip_bad_images, bool labelled) {
  data::SourceOptions options;
  options.require_labels = labelled;
  data::ImageSource source = data::ImageSource::open(path, options);
  if (skip_bad_images) report_bad(source.name(), source.drop_bad_pictures());
  return source;
}

data::ImageSource take_split(const data::ImageSource& all, const std::string& split, int64_t limit) {
  const auto items = items_of(all, split, limit);
  if (items.empty() && all.has_splits()) fail_split(all, split);
  if (items.empty()) fail_data(all.name(), "images", "none");
  return all.subset(items);
}

}  // namespace

void declare_training_images(cli::OptionTable& table, DataOptions& options) {
  table.group("Data");
  table.add("data", options.data, "FILE", "Training images: a fovea.images or fovea.adversarial file.")
      .required()
      .is_input_path();
  table.add("split", options.split, "NAME", "Which split of --data to train on, if it has splits.");
  table.add("limit", options.limit, "N", "Only the first N training images; 0: all.").at_least(0).source("[ours]");
  table.add("skip-bad-images", options.skip_bad_images, "Leave out pictures that can't be decoded, and say so.");
}

void declare_test_images(cli::OptionTable& table, DataOptions& options) {
  table.add("test", options.test, "FILE", "Held-out images.")
      .is_input_path()
      .default_text("the test split of --data, if it has one");
  table.add("test-split", options.test_split, "NAME", "Which split to test on, if there are splits.");
  table.add("test-limit", options.test_limit, "N", "Only the first N test images; 0: all.")
      .at_least(0)
      .source("[ours]");
}

void declare_resize(cli::OptionTable& table, DataOptions& options) {
  table.add("resize", options.resize, "HOW", "Fit pictures by cropping or stretching.").choices({"crop", "stretch"});
}

data::ImageSource open_split(const std::string& path, const std::string& split, int64_t limit, bool skip_bad_images,
                             bool labelled) {
  return take_split(open_all(path, skip_bad_images, labelled), split, limit);
}

TrainingSources open_training(const DataOptions& options) {
  const data::ImageSource all = open_all(options.data, options.skip_bad_images, true);
  TrainingSources sources{take_split(all, options.split, options.limit), std::nullopt};
  if (!options.test.empty()) {
    sources.test = open_split(options.test, options.test_split, options.test_limit, options.skip_bad_images);
  } else if (all.has_splits() && !options.test_split.empty()) {
    const auto items = items_of(all, options.test_split, options.test_limit);
    if (!items.empty()) sources.test = all.subset(items);
  }
  return sources;
}

void warn_without_test(const std::string& output, int64_t test_pictures, double fraction) {
  if (fraction <= 0 || test_pictures > 0) return;
  log::warning(
      "{}: no picture is in the split test: --test-fraction {} takes a whole number of each class, and this set is too "
      "small for one",
      output, format_number(fraction));
}

int64_t class_count(const data::ImageSource& source) {
  if (!source.label_set().empty()) return static_cast<int64_t>(source.label_set().size());
  int32_t largest = -1;
  for (int64_t i = 0; i < source.size(); ++i) largest = std::max(largest, source.label(i));
  if (largest < 0) fail_data(source.name() + ": label", "labels >= 0", "none");
  return largest + 1;
}

}  // namespace fovea
