#include "systems/bn/convert_scenes.h"

#include <span>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/progress.h"
#include "data/scenes.h"
#include "io/images_file.h"
#include "io/label_png.h"
#include "systems/image_sources.h"
#include "systems/run_record.h"

namespace fovea::bn {
namespace {

// FOLDER/ID.png as VOC's SegmentationClass has them, and FOLDER/class_names.txt with the name of each label on a line.
class LabelMaps {
 public:
  LabelMaps(std::string folder, bool no_clobber) : folder_(std::move(folder)), policy_{no_clobber, 0} {
    if (folder_.empty()) return;
    if (!is_directory(folder_)) fail(ErrorKind::kCannotCreate, "{}: expected an existing folder, found none", folder_);
    probe_output(names_file(), no_clobber);
  }

  void add(const std::string& id, const data::Scene& scene) const {
    if (folder_.empty()) return;
    const auto bytes = io::encode_label_png({scene.picture.height, scene.picture.width, scene.label_map});
    AtomicFile file(folder_ + "/" + id + ".png", policy_);
    file.write(std::span<const std::byte>(bytes));
    file.commit();
  }

  void finish(const std::vector<std::string>& names) const {
    if (folder_.empty()) return;
    std::string text = "background\n";
    for (const auto& name : names) text += name + "\n";
    AtomicFile file(names_file(), policy_);
    file.write(std::as_bytes(std::span<const char>(text)));
    file.commit();
  }

 private:
  std::string names_file() const { return folder_ + "/class_names.txt"; }

  std::string folder_;
  OutputPolicy policy_;
};

}  // namespace

int convert_scenes(const ConvertOptions& options, const cli::Invocation& invocation) {
  data::SceneOptions scenes;
  scenes.kind = data::parse_scene_kind(options.kind);
  scenes.seed = invocation.common.seed;
  scenes.height = scenes.width = options.side > 0 ? options.side : data::default_scene_side(scenes.kind);
  scenes.max_objects = static_cast<int>(options.max_objects);
  scenes.noise = options.noise;
  scenes.test_fraction = options.test_fraction;
  io::ImagesLayout layout;
  layout.storage = io::PixelStorage::kRaw;
  layout.height = scenes.height;
  layout.width = scenes.width;
  layout.channels = data::scene_channels(scenes.kind);
  layout.labels = layout.splits = true;
  layout.objects = layout.captions = layout.channels == 3;  // the coloured kinds
  layout.label_set = data::scene_labels(scenes.kind);
  if (!options.label_maps.empty() && !layout.objects)
    fail(ErrorKind::kUsage, "--label-maps: expected --kind shapes or captions, found {}", options.kind);
  const LabelMaps maps(options.label_maps, invocation.common.no_clobber);
  io::ImagesWriter writer(options.output, run_record(invocation), layout, writer_options(invocation));
  const auto [begin, end] = invocation.common.shard.range(options.count);
  Progress progress("convert", "scene", end - begin);
  for (int64_t i = begin; i < end; ++i) {
    data::Scene scene = data::draw_scene(scenes, i);
    io::ImageRecord record;
    record.id = data::scene_id(scenes.kind, i);
    record.split = options.split.empty() ? data::scene_split(scenes, i) : options.split;
    record.height = static_cast<int32_t>(scene.picture.height);
    record.width = static_cast<int32_t>(scene.picture.width);
    record.label = scene.label;
    record.pixels = scene.picture.pixels;
    if (layout.objects) {
      for (const auto& [label, color, box] : scene.objects)
        record.objects.push_back({box[0], box[1], box[2], box[3], label, false, false});
      record.captions = scene.captions;
    }
    maps.add(record.id, scene);
    writer.add(record);
    progress.update(i - begin + 1);
  }
  maps.finish(layout.label_set);
  const bool splits = options.split.empty() && invocation.common.shard.whole();
  warn_without_test(options.output, writer.count("test"), splits ? options.test_fraction : 0);
  const std::string hash = writer.finish();
  log::info("{}: {} generated pictures, content hash {}", options.output, end - begin, hash);
  return 0;
}

}  // namespace fovea::bn
