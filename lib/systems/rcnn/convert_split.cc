// rcnn-detect split: two halves of an image set with nearly equal numbers of objects of each class.
#include <algorithm>
#include <array>
#include <map>
#include <unordered_set>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "data/split.h"
#include "data/voc.h"
#include "eval/table.h"
#include "systems/rcnn/convert_parts.h"
#include "systems/run_record.h"

namespace fovea::rcnn {
namespace {

data::ClassCounts count_objects(const io::ImageSet& set, int64_t item) {
  std::map<int32_t, int64_t> counts;
  const auto i = static_cast<size_t>(item);
  for (auto r = static_cast<size_t>(set.object_offsets[i]); r < static_cast<size_t>(set.object_offsets[i + 1]); ++r) {
    ++counts[set.object_classes[r]];
  }
  return {counts.begin(), counts.end()};
}

// The set with other splits; everything else as it was.
std::string copy_set(const io::ImagesReader& reader, const std::vector<std::string>& splits, const std::string& output,
                     io::RootAttributes root, io::WriterOptions options) {
  const io::ImageSet& set = reader.set();
  io::ImagesLayout layout;
  layout.storage = reader.storage();
  layout.height = reader.height();
  layout.width = reader.width();
  layout.channels = reader.channels();
  layout.paths = !set.paths.empty();
  layout.labels = !set.labels.empty();
  layout.splits = layout.objects = true;
  layout.difficult = !set.object_difficult.empty();
  layout.truncated = !set.object_truncated.empty();
  layout.captions = set.has_captions;
  layout.label_set = set.label_set;
  layout.root_hint = set.root_hint;
  layout.channel_order = set.channel_order;
  io::ImagesWriter writer(output, std::move(root), layout, options);
  std::vector<uint8_t> bytes;
  for (int64_t item = 0; item < reader.count(); ++item) {
    const auto i = static_cast<size_t>(item);
    io::ImageRecord record;
    record.id = set.ids[i];
    record.path = layout.paths ? set.paths[i] : "";
    record.split = splits[i];
    record.height = set.sizes[i * 2];
    record.width = set.sizes[i * 2 + 1];
    record.label = layout.labels ? set.labels[i] : -1;
    if (layout.storage == io::PixelStorage::kEncoded) {
      bytes = reader.read_encoded(item);
      record.encoded = bytes;
    } else if (layout.storage == io::PixelStorage::kRaw) {
      bytes.resize(static_cast<size_t>(layout.height * layout.width * layout.channels));
      reader.read_pixels(item, item + 1, std::span<uint8_t>(bytes));
      record.pixels = bytes;
    }
    for (auto r = static_cast<size_t>(set.object_offsets[i]); r < static_cast<size_t>(set.object_offsets[i + 1]); ++r) {
      const float* box = &set.object_boxes[r * 4];
      record.objects.push_back({box[0], box[1], box[2], box[3], set.object_classes[r],
                                layout.difficult && set.object_difficult[r] != 0,
                                layout.truncated && set.object_truncated[r] != 0});
    }
    if (layout.captions) {
      record.captions.assign(set.captions.begin() + set.caption_offsets[i],
                             set.captions.begin() + set.caption_offsets[i + 1]);
    }
    writer.add(record);
  }
  return writer.finish();
}

std::vector<int64_t> items_to_divide(const ImageIndex& index, const SplitOptions& options) {
  std::unordered_set<std::string> excluded;
  if (!options.exclude.empty()) {
    for (const data::ListedImage& item : data::read_image_list(options.exclude)) excluded.insert(item.id);
  }
  std::vector<int64_t> items =
      index.of_splits(options.of.empty() ? std::vector<std::string>() : std::vector<std::string>{options.of});
  const auto before = items.size();
  std::erase_if(items,
                [&](int64_t item) { return excluded.contains(index.reader.set().ids[static_cast<size_t>(item)]); });
  if (!excluded.empty())
    log::info("{}: {} of {} listed ids are excluded", options.exclude, before - items.size(), excluded.size());
  if (items.empty()) fail_data(options.input, "images to divide", "none");
  return items;
}

}  // namespace

int split_images(const SplitOptions& options, const cli::Invocation& invocation) {
  if (options.names.size() != 2 || options.names[0].empty() || options.names[0] == options.names[1]) {
    fail(ErrorKind::kUsage, "--into: expected two different names, found '{}'", printable(join(options.names, ",")));
  }
  probe_output(options.output, invocation.common.no_clobber);
  const ImageIndex index(options.input);
  const io::ImageSet& set = index.reader.set();
  if (!set.has_objects) fail_data(options.input + ": objects", "objects with boxes", "a set without");
  if (index.reader.storage() == io::PixelStorage::kFloat)
    fail_data(options.input, "a fovea.images file", "adversarial pictures");
  const std::vector<int64_t> items = items_to_divide(index, options);
  int32_t classes = static_cast<int32_t>(set.label_set.size());
  for (const int32_t k : set.object_classes) classes = std::max(classes, k + 1);
  std::vector<data::ClassCounts> counts;
  for (const int64_t item : items) counts.push_back(count_objects(set, item));
  const data::SplitResult result =
      options.share > 0 ? data::random_split(counts, classes, options.share, invocation.common.seed)
                        : data::balanced_split(counts, classes, {invocation.common.seed, options.trials});
  std::vector<std::string> splits = set.splits.empty() ? std::vector<std::string>(set.ids.size()) : set.splits;
  std::array<int64_t, 2> images{};
  for (size_t i = 0; i < items.size(); ++i) {
    splits[static_cast<size_t>(items[i])] = options.names[result.half[i]];
    ++images[result.half[i]];
  }
  io::RootAttributes root = run_record(invocation);
  root.inputs.push_back(file_record("images", options.input, index.reader.attributes()));
  const std::string hash = copy_set(index.reader, splits, options.output, std::move(root), writer_options(invocation));
  eval::Table table;
  table.columns = {{"class"}, {options.names[0]}, {options.names[1]}, {"imbalance"}};
  for (size_t k = 0; k < result.classes.size(); ++k) {
    const data::ClassBalance& balance = result.classes[k];
    table.rows.push_back({k < set.label_set.size() ? set.label_set[k] : std::to_string(k), balance.first,
                          balance.second, balance.imbalance()});
  }
  if (options.output != "-") print_table(table, invocation);
  log::info("{}: {} and {} images; imbalance of classes: max {:.4f}, median {:.4f}, mean {:.4f}; content hash {}",
            options.output, images[0], images[1], result.max, result.median, result.mean, hash);
  return 0;
}

}  // namespace fovea::rcnn
