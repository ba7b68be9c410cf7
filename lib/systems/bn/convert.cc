// bn-train convert: other formats -> fovea.images, and checkpoints -> bare weights.
#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "data/cifar.h"
#include "data/class_folder.h"
#include "data/idx.h"
#include "io/images_file.h"
#include "io/npz.h"
#include "systems/bn/commands.h"
#include "systems/bn/convert_scenes.h"
#include "systems/image_sources.h"
#include "systems/run_record.h"
#include "train/history.h"
#include "train/model.h"

namespace fovea::bn {
namespace {

constexpr int64_t kMaxNamesBytes = 1 << 24;
constexpr int64_t kMaxPictureBytes = int64_t{1} << 30;

struct Part {
  data::PixelSet set;
  std::string split;
};

std::vector<std::string> read_names(const std::string& path) {
  std::vector<std::string> names;
  for (const auto& line : split(read_text_file(path, kMaxNamesBytes), '\n')) {
    if (!trim(line).empty()) names.emplace_back(trim(line));
  }
  return names;
}

// What the names of published files say: t10k-..., test_batch.bin, data_batch_1.bin, train.bin.
std::string split_of(const std::string& path, const std::string& wish) {
  if (!wish.empty()) return wish;
  const std::string name = base_name(path);
  if (name.starts_with("t10k") || name.find("test") != std::string::npos) return "test";
  if (name.find("train") != std::string::npos || name.starts_with("data_batch")) return "train";
  return "";
}

std::string first_existing(const std::string& folder, const std::string& stem) {
  for (const std::string& suffix : {std::string(".gz"), std::string()}) {
    if (file_exists(folder + "/" + stem + suffix)) return folder + "/" + stem + suffix;
  }
  return "";
}

std::vector<Part> read_mnist(const ConvertOptions& options) {
  std::vector<Part> parts;
  const auto& in = options.inputs;
  if (in.size() == 1 && is_directory(in[0])) {
    for (const char* prefix : {"train", "t10k"}) {
      const std::string images = first_existing(in[0], std::string(prefix) + "-images-idx3-ubyte");
      const std::string labels = first_existing(in[0], std::string(prefix) + "-labels-idx1-ubyte");
      if (images.empty() || labels.empty()) continue;
      parts.push_back({data::read_idx(images, labels), split_of(images, options.split)});
    }
    if (parts.empty())
      fail(ErrorKind::kNoInput,
           "{}: expected train-images-idx3-ubyte[.gz] and train-labels-idx1-ubyte[.gz], found neither these nor t10k-*",
           in[0]);
    return parts;
  }
  if (in.size() == 1 && !file_exists(in[0]))
    fail(ErrorKind::kNoInput, "{}: cannot open: No such file or directory", in[0]);
  if (in.empty() || in.size() % 2 != 0)
    fail(ErrorKind::kUsage, "--from mnist: expected a folder, or pairs of an image and a label file, found {} operands",
         in.size());
  for (size_t i = 0; i < in.size(); i += 2)
    parts.push_back({data::read_idx(in[i], in[i + 1]), split_of(in[i], options.split)});
  return parts;
}

std::vector<Part> read_cifar_parts(const ConvertOptions& options) {
  if (options.inputs.empty()) fail(ErrorKind::kUsage, "--from {}: expected record files, found nothing", options.from);
  const auto kind = options.from == "cifar10"    ? data::CifarKind::kCifar10
                    : options.from == "cifar100" ? data::CifarKind::kCifar100
                                                 : data::CifarKind::kCifar100Coarse;
  std::vector<Part> parts;
  for (const auto& path : options.inputs)
    parts.push_back({data::read_cifar({path}, kind, options.names), split_of(path, options.split)});
  return parts;
}

int write_parts(std::vector<Part> parts, const ConvertOptions& options, const cli::Invocation& invocation) {
  io::ImagesLayout layout;
  layout.storage = io::PixelStorage::kRaw;
  layout.height = parts[0].set.height;
  layout.width = parts[0].set.width;
  layout.channels = parts[0].set.channels;
  layout.labels = true;
  layout.splits = std::any_of(parts.begin(), parts.end(), [](const Part& part) { return !part.split.empty(); });
  for (const auto& part : parts) {
    if (part.set.label_set.size() > layout.label_set.size()) layout.label_set = part.set.label_set;
    if (part.set.height != layout.height || part.set.width != layout.width || part.set.channels != layout.channels) {
      fail_data(options.inputs.back(),
                fmt::format("{}x{}x{} like the first", layout.height, layout.width, layout.channels),
                fmt::format("{}x{}x{}", part.set.height, part.set.width, part.set.channels));
    }
  }
  if (!options.names.empty()) layout.label_set = read_names(options.names);
  io::ImagesWriter writer(options.output, run_record(invocation), layout, writer_options(invocation));
  const int64_t bytes = layout.height * layout.width * layout.channels;
  int64_t number = 0;
  for (const auto& part : parts) {
    for (int64_t i = 0; i < part.set.count; ++i) {
      io::ImageRecord record;
      record.id = fmt::format("{:06}", number++);
      record.split = part.split;
      record.height = static_cast<int32_t>(layout.height);
      record.width = static_cast<int32_t>(layout.width);
      record.label = part.set.labels.empty() ? -1 : part.set.labels[static_cast<size_t>(i)];
      record.pixels = {part.set.pixels.data() + i * bytes, static_cast<size_t>(bytes)};
      writer.add(record);
    }
  }
  const std::string hash = writer.finish();
  log::info("{}: {} images, content hash {}", options.output, number, hash);
  return 0;
}

void report_folder(const std::string& folder, const data::ClassFolder& classes, bool skip) {
  for (const auto& name : classes.empty) log::warning("{}: class '{}' has no pictures", folder, name);
  if (!classes.ignored.empty())
    log::warning("{}: {} file(s) that are not .jpg, .jpeg or .png are left out, the first: {}", folder,
                 classes.ignored.size(), classes.ignored[0]);
  if (classes.corrupt.empty()) return;
  const auto& [id, reason] = classes.corrupt[0];
  if (!skip) throw Error(ErrorKind::kData, reason, "--skip-bad-images leaves such pictures out");
  for (const auto& [bad, why] : classes.corrupt) log::debug("left out: {}", why);
  log::warning("{}: {} picture(s) can't be decoded and are left out, the first: {}", folder, classes.corrupt.size(),
               reason);
}

// Every so many pictures of a class go to the test split, so that any share is spread over the folder.
bool is_test(int64_t index_in_class, double fraction) {
  const auto before = static_cast<int64_t>(static_cast<double>(index_in_class) * fraction + 1e-9);
  const auto after = static_cast<int64_t>(static_cast<double>(index_in_class + 1) * fraction + 1e-9);
  return after > before;
}

int convert_folder(const ConvertOptions& options, const cli::Invocation& invocation) {
  if (options.inputs.empty()) fail(ErrorKind::kUsage, "--from folder: expected FOLDER operands, found none");
  std::vector<data::ClassFolder> folders;
  for (const auto& folder : options.inputs) {
    folders.push_back(data::read_class_folder(folder, true));
    report_folder(folder, folders.back(), options.skip_bad_images);
    if (folders.back().label_set != folders[0].label_set)
      fail_data(folder, "the classes " + join(folders[0].label_set, ", "), join(folders.back().label_set, ", "));
  }
  io::ImagesLayout layout;
  layout.storage = io::PixelStorage::kEncoded;
  layout.labels = layout.splits = true;
  layout.label_set = folders[0].label_set;
  io::ImagesWriter writer(options.output, run_record(invocation), layout, writer_options(invocation));
  const bool several = options.inputs.size() > 1;
  for (size_t f = 0; f < folders.size(); ++f) {
    std::vector<int64_t> seen(layout.label_set.size(), 0);
    const std::string name = base_name(std::filesystem::path(options.inputs[f]).lexically_normal().string());
    for (const auto& item : folders[f].items) {
      io::ImageRecord record;
      record.id = several ? name + "/" + item.id : item.id;
      record.split = !options.split.empty()                                                    ? options.split
                     : several                                                                 ? name
                     : is_test(seen[static_cast<size_t>(item.label)]++, options.test_fraction) ? "test"
                                                                                               : "train";
      record.height = static_cast<int32_t>(item.height);
      record.width = static_cast<int32_t>(item.width);
      record.label = item.label;
      const auto bytes = read_file(item.path, kMaxPictureBytes);
      record.encoded = {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
      writer.add(record);
    }
  }
  warn_without_test(options.output, writer.count("test"),
                    several || !options.split.empty() ? 0 : options.test_fraction);
  const int64_t count = writer.count();
  const std::string hash = writer.finish();
  log::info("{}: {} pictures of {} classes, content hash {}", options.output, count, layout.label_set.size(), hash);
  return 0;
}

int convert_checkpoint(const ConvertOptions& options, const cli::Invocation& invocation) {
  if (options.inputs.size() != 1)
    fail(ErrorKind::kUsage, "--from checkpoint: expected one checkpoint, found {}", options.inputs.size());
  probe_output(options.output, invocation.common.no_clobber);
  train::Model model = train::load_model(options.inputs[0]);
  if (!options.output.ends_with(".npz")) {
    io::CheckpointData data;
    train::store_model(model.network, model.preprocess, model.labels, data);
    io::RootAttributes root = run_record(invocation);
    root.parent = model.hash;
    io::write_checkpoint(options.output, root, data, writer_options(invocation));
    return 0;
  }
  std::vector<io::NamedTensor> tensors;
  for (auto& array : model.network.export_arrays()) {
    const auto extents = array.shape.extents();
    tensors.push_back({array.layer + "." + array.name, {extents.begin(), extents.end()}, std::move(array.values)});
  }
  io::write_npz(options.output, tensors);
  log::info("{}: {} arrays", options.output, tensors.size());
  return 0;
}

int convert_log(const ConvertOptions& options, const cli::Invocation& invocation) {
  if (options.inputs.size() != 1)
    fail(ErrorKind::kUsage, "--from log: expected one checkpoint or .jsonl file, found {}", options.inputs.size());
  probe_output(options.output, invocation.common.no_clobber);
  const std::string& path = options.inputs[0];
  const train::History history = train::is_log_file(path)
                                     ? train::read_log(path)
                                     : train::log_of_checkpoint(io::read_checkpoint(path, {false, false, true}), path);
  std::vector<io::LogColumn> columns;
  for (const std::string& name : history.names()) columns.push_back({name, history.column(name)});
  const std::string hash =
      io::write_log_file(options.output, run_record(invocation), history.steps(), columns, writer_options(invocation));
  log::info("{}: {} reports, content hash {}", options.output, history.steps().size(), hash);
  return 0;
}

}  // namespace

int convert(const ConvertOptions& options, const cli::Invocation& invocation) {
  if (options.from != "scenes" && !invocation.common.shard.whole())
    fail(ErrorKind::kUsage, "--shard: only with --from scenes");
  if (options.from == "scenes" && !options.inputs.empty())
    fail(ErrorKind::kUsage, "--from scenes: expected no operands, found '{}'", options.inputs[0]);
  if (options.from == "mnist") return write_parts(read_mnist(options), options, invocation);
  if (options.from == "folder") return convert_folder(options, invocation);
  if (options.from == "scenes") return convert_scenes(options, invocation);
  if (options.from == "log") return convert_log(options, invocation);
  if (options.from == "checkpoint") return convert_checkpoint(options, invocation);
  return write_parts(read_cifar_parts(options), options, invocation);
}

}  // namespace fovea::bn
