// caption-attend convert --from flickr8k | karpathy | coco | tsv | scenes | coco-results.
#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "base/text.h"
#include "data/caption_json_formats.h"
#include "data/caption_text_formats.h"
#include "data/scenes.h"
#include "data/text_lines.h"
#include "data/tokenizer.h"
#include "data/vocabulary.h"
#include "io/captions_file.h"
#include "systems/caption/convert_parts.h"
#include "systems/image_sources.h"
#include "systems/picture_file.h"
#include "systems/run_record.h"

namespace fovea::caption {
namespace {

constexpr int64_t kAtOnce = 32;  // pictures read and decoded, or drawn, in parallel

std::string read_json_text(const std::string& path) {
  return read_text_file(path, std::min(io::kJsonMaxBytes, max_memory()));
}

// captions_val2014.json -> val
std::string coco_split(const std::string& path) {
  std::string stem = base_name(path);
  stem.resize(std::min(stem.rfind('.'), stem.size()));
  if (stem.starts_with("captions_")) stem = stem.substr(9);
  stem.resize(std::min(stem.find_last_not_of("0123456789") + 1, stem.size()));
  return stem == "-" ? "" : stem;
}

// What is odd, in one place: a warning, or with --strict an error.
void report(const ConvertOptions& options, int64_t count, std::string_view what, const std::string& first) {
  if (count == 0) return;
  const std::string text = fmt::format("{} {}, the first: {}", count, what, first);
  if (options.strict) throw Error(ErrorKind::kData, text, "without --strict this is a warning");
  log::warning("{}", text);
}

data::CaptionCollector read_inputs(const ConvertOptions& options) {
  data::CaptionCollector all({options.max_caption_bytes, options.strict});
  std::vector<std::string> listed;  // in split lists, without captions
  const int64_t per_image = options.captions_per_image >= 0 ? options.captions_per_image : 5;
  for (const std::string& input : options.inputs) {
    if (options.from == "flickr8k") {
      const auto part = data::read_flickr(input, all);
      listed.insert(listed.end(), part.begin(), part.end());
    } else if (options.from == "karpathy") {
      data::parse_karpathy(read_json_text(input), input, {options.restval == "train", options.text == "tokens"}, all);
    } else if (options.from == "coco") {
      data::parse_coco_captions(read_json_text(input), input, coco_split(input), per_image, all);
    } else {
      data::parse_caption_tsv(data::read_lines_of(input), input, all);
    }
  }
  report(options, static_cast<int64_t>(listed.size()), "listed image(s) have no captions",
         listed.empty() ? "" : listed[0]);
  if (all.repeated > 0) {
    log::warning("{} caption(s) have the number of another one and are left out, the first: {}", all.repeated,
                 all.first_repeated);
  }
  if (all.empty > 0) log::warning("{} empty caption(s) are left out, the first: {}", all.empty, all.first_empty);
  if (all.too_long > 0) {
    log::warning("{} caption(s) of more than {} bytes are left out, the first: {}", all.too_long,
                 options.max_caption_bytes, all.first_long);
  }
  if (all.skipped_images > 0) log::info("{} image(s) of the split restval are left out", all.skipped_images);
  return all;
}

void select(const ConvertOptions& options, data::CaptionCollector& all) {
  auto& images = all.images();
  for (data::CaptionedImage& image : images) {
    if (!options.split.empty()) image.split = options.split;
    if (options.captions_per_image > 0 && static_cast<int64_t>(image.captions.size()) > options.captions_per_image) {
      image.captions.resize(static_cast<size_t>(options.captions_per_image));
    }
  }
  for (const std::string& name : options.sets) {
    if (std::none_of(images.begin(), images.end(), [&](const auto& image) { return image.split == name; })) {
      fail(ErrorKind::kUsage, "--set: no image of split '{}'", printable(name));
    }
  }
  if (!options.sets.empty()) {
    std::erase_if(images, [&](const data::CaptionedImage& image) {
      return std::find(options.sets.begin(), options.sets.end(), image.split) == options.sets.end();
    });
  }
  int64_t without = 0;
  std::string first;
  for (const data::CaptionedImage& image : images) {
    if (image.captions.empty() && without++ == 0) first = image.id;
  }
  report(options, without, "image(s) have no captions", first);
}

// Pictures of the folder that no caption speaks of.
void report_strangers(const ConvertOptions& options, const std::vector<data::CaptionedImage>& images) {
  std::vector<std::string> known, strangers;
  for (const data::CaptionedImage& image : images) known.push_back(image.path);
  std::sort(known.begin(), known.end());
  for (const auto& entry : std::filesystem::directory_iterator(options.pictures)) {
    const std::string name = entry.path().filename().string(), suffix = entry.path().extension().string();
    if (suffix != ".jpg" && suffix != ".jpeg" && suffix != ".png") continue;
    if (!std::binary_search(known.begin(), known.end(), name)) strangers.push_back(name);
  }
  std::sort(strangers.begin(), strangers.end());
  report(options, static_cast<int64_t>(strangers.size()), "picture(s) of the folder have no captions",
         strangers.empty() ? "" : strangers[0]);
}

class Importer {
 public:
  Importer(const ConvertOptions& options, const cli::Invocation& invocation, io::ImagesLayout layout)
      : options_(options),
        writer_(options.output, run_record(invocation), std::move(layout), writer_options(invocation)) {}

  void add(const data::CaptionedImage& image, const LoadedPicture& picture) {
    if (picture.error && leave_out(*picture.error)) return;
    io::ImageRecord record;
    record.id = image.id;
    record.path = image.path;
    record.split = image.split;
    record.height = static_cast<int32_t>(picture.height);
    record.width = static_cast<int32_t>(picture.width);
    record.encoded = {reinterpret_cast<const uint8_t*>(picture.bytes.data()), picture.bytes.size()};
    record.captions = image.captions;
    captions_ += static_cast<int64_t>(image.captions.size());
    writer_.add(record);
  }

  void finish() {
    report(options_, missing_, "image(s) with captions have no picture and are left out", first_missing_);
    if (bad_ > 0) log::warning("{} picture(s) can't be decoded and are left out, the first: {}", bad_, first_bad_);
    const int64_t count = writer_.count();
    if (count == 0) fail_data(options_.output, "at least one image", "none");
    const std::string hash = writer_.finish();
    log::info("{}: {} images, {} captions, content hash {}", options_.output, count, captions_, hash);
  }

 private:
  // A missing file is a matter of the list; a damaged one is an error unless the user says otherwise.
  bool leave_out(const Error& error) {
    if (error.kind() == ErrorKind::kNoInput) {
      if (missing_++ == 0) first_missing_ = error.what();
      return true;
    }
    if (!options_.skip_bad_images) {
      throw Error(error.kind(), error.what(), "--skip-bad-images leaves such pictures out");
    }
    if (bad_++ == 0) first_bad_ = error.what();
    return true;
  }

  const ConvertOptions& options_;
  io::ImagesWriter writer_;
  int64_t captions_ = 0, missing_ = 0, bad_ = 0;
  std::string first_missing_, first_bad_;
};

}  // namespace

int import_captions(const ConvertOptions& options, const cli::Invocation& invocation) {
  probe_output(options.output, invocation.common.no_clobber);
  if (!options.pictures.empty() && !is_directory(options.pictures)) {
    fail(ErrorKind::kNoInput, "{}: expected a folder of pictures, found none", options.pictures);
  }
  data::CaptionCollector all = read_inputs(options);
  select(options, all);
  const auto& images = all.images();
  const bool pictures = !options.pictures.empty();
  io::ImagesLayout layout;
  layout.storage = pictures ? io::PixelStorage::kEncoded : io::PixelStorage::kNone;
  layout.captions = true;
  layout.paths = std::any_of(images.begin(), images.end(), [](const auto& image) { return !image.path.empty(); });
  layout.splits = std::any_of(images.begin(), images.end(), [](const auto& image) { return !image.split.empty(); });
  Importer importer(options, invocation, layout);
  if (pictures) report_strangers(options, images);
  const auto total = static_cast<int64_t>(images.size());
  Progress progress("convert", "image", total);
  const auto load = [&](int64_t i) {
    const data::CaptionedImage& image = images[static_cast<size_t>(i)];
    return pictures ? load_picture(options.pictures + "/" + image.path, image.id) : LoadedPicture{};
  };
  parallel_ordered(total, kAtOnce, load, [&](int64_t i, const LoadedPicture& picture) {
    importer.add(images[static_cast<size_t>(i)], picture);
    progress.update(i + 1);
  });
  importer.finish();
  return 0;
}

int import_scenes(const ConvertOptions& options, const cli::Invocation& invocation) {
  if (!options.inputs.empty()) {
    fail(ErrorKind::kUsage, "--from scenes: expected no operands, found '{}'", printable(options.inputs[0]));
  }
  data::SceneOptions scenes;
  scenes.kind = data::SceneKind::kCaptions;
  scenes.seed = invocation.common.seed;
  scenes.height = scenes.width = options.side;
  scenes.min_objects = static_cast<int>(options.min_objects);
  scenes.max_objects = static_cast<int>(options.max_objects);
  scenes.noise = options.noise;
  scenes.test_fraction = options.test_fraction;
  scenes.val_fraction = options.val_fraction;
  io::ImagesLayout layout;
  layout.storage = io::PixelStorage::kRaw;
  layout.height = layout.width = options.side;
  layout.channels = 3;
  layout.labels = layout.splits = layout.objects = layout.captions = true;
  layout.label_set = data::scene_labels(scenes.kind);
  io::ImagesWriter writer(options.output, run_record(invocation), layout, writer_options(invocation));
  const auto [begin, end] = invocation.common.shard.range(options.count);
  Progress progress("convert", "scene", end - begin);
  const int64_t first = begin;
  const auto draw = [&](int64_t i) { return data::draw_scene(scenes, first + i); };
  parallel_ordered(end - begin, 4 * kAtOnce, draw, [&](int64_t i, data::Scene scene) {
    io::ImageRecord record;
    record.id = data::scene_id(scenes.kind, first + i);
    record.split = options.split.empty() ? data::scene_split(scenes, first + i) : options.split;
    record.height = record.width = static_cast<int32_t>(options.side);
    record.label = scene.label;
    record.pixels = scene.picture.pixels;
    for (const data::SceneObject& object : scene.objects) {
      record.objects.push_back(
          {object.box[0], object.box[1], object.box[2], object.box[3], object.label, false, false});
    }
    record.captions = std::move(scene.captions);
    if (options.captions_per_image > 0 && static_cast<int64_t>(record.captions.size()) > options.captions_per_image) {
      record.captions.resize(static_cast<size_t>(options.captions_per_image));
    }
    writer.add(record);
    progress.update(i + 1);
  });
  const bool splits = options.split.empty() && invocation.common.shard.whole();
  warn_without_test(options.output, writer.count("test"), splits ? options.test_fraction : 0);
  const std::string hash = writer.finish();
  log::info("{}: {} generated pictures, content hash {}", options.output, end - begin, hash);
  return 0;
}

int import_results(const ConvertOptions& options, const cli::Invocation& invocation) {
  if (options.inputs.size() != 1) {
    fail(ErrorKind::kUsage, "--from coco-results: expected one input, found {}", options.inputs.size());
  }
  probe_output(options.output, invocation.common.no_clobber);
  const auto results = data::parse_caption_results(read_json_text(options.inputs[0]), options.inputs[0]);
  std::vector<std::vector<std::string>> tokens;
  for (const auto& result : results)
    tokens.push_back(data::tokenize(result.caption, data::TokenizerKind::kSpace, true));
  const auto words = data::Vocabulary::build(tokens, 0, 1);
  io::CaptionsLayout layout;
  layout.vocabulary = words.words();
  layout.kind = "unknown";
  io::CaptionsWriter writer(options.output, run_record(invocation), layout, writer_options(invocation));
  for (size_t i = 0; i < results.size(); ++i) {
    io::GeneratedCaption caption;
    caption.tokens = words.encode(tokens[i]);
    caption.tokens.push_back(data::Vocabulary::kEnd);
    caption.text = results[i].caption;
    writer.add(results[i].image_id, std::span(&caption, 1));
  }
  const std::string hash = writer.finish();
  log::info("{}: {} captions, content hash {}", options.output, results.size(), hash);
  return 0;
}

}  // namespace fovea::caption
