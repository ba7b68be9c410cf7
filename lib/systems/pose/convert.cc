#include "systems/pose/convert.h"

#include <algorithm>
#include <unordered_set>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "base/text.h"
#include "data/annotations.h"
#include "data/pose_formats.h"
#include "data/pose_rows.h"
#include "data/stick_figures.h"
#include "io/images_file.h"
#include "io/json.h"
#include "systems/image_sources.h"
#include "systems/run_record.h"

namespace fovea::pose {
namespace {

constexpr int64_t kMaxTextBytes = int64_t{1} << 30;

std::vector<std::string> read_names(const std::string& path) {
  std::vector<std::string> names;
  if (path.empty()) return names;
  for (const auto& line : split(read_text_file(path, kMaxTextBytes), '\n')) {
    if (!trim(line).empty()) names.emplace_back(trim(line));
  }
  if (names.empty()) fail_data(path, "one name on each line", "nothing");
  return names;
}

io::PoseSet read_annotations(const ConvertOptions& options) {
  const std::string& from = options.from;
  if (from == "flic") {
    int64_t swapped = 0;
    io::PoseSet set = data::parse_flic(io::read_mat5(options.input, {"examples"}), !options.person_centric, swapped);
    if (swapped > 0) log::info("{} back views: left and right arms exchanged, as FLIC's evaluation does", swapped);
    return set;
  }
  if (from == "lsp") return data::parse_lsp(io::read_mat5(options.input, {"joints"}), read_names(options.list));
  if (from == "lspet") return data::parse_lspet(io::read_mat5(options.input, {"joints"}), read_names(options.list));
  if (from == "mpii") {
    if (options.input.ends_with(".json"))
      return data::parse_mpii_json(read_text_file(options.input, kMaxTextBytes), options.input);
    return data::parse_mpii(io::read_mat5(options.input, {"RELEASE"}));
  }
  if (from == "coco") return data::from_coco(io::read_coco_keypoints(options.input), options.input);
  io::PoseSet set = data::parse_pose_csv(read_text_file(options.input, kMaxTextBytes), options.input);
  if (options.observer_centric) set.side = "observer";
  return set;
}

void apply_splits(const ConvertOptions& options, io::PoseSet& set) {
  if (!options.split.empty()) set.split.assign(static_cast<size_t>(set.people()), options.split);
  if (options.test_list.empty()) return;
  const auto names = read_names(options.test_list);
  std::unordered_set<std::string> test(names.begin(), names.end());
  for (const std::string& name : names) {
    if (std::find(set.image_ids.begin(), set.image_ids.end(), name) == set.image_ids.end())
      fail_data(options.test_list, "names of images", "'" + printable(name) + "', which is none");
  }
  if (set.split.empty()) set.split.assign(static_cast<size_t>(set.people()), "train");
  for (int64_t p = 0; p < set.people(); ++p) {
    if (test.contains(set.image_ids[static_cast<size_t>(set.image[static_cast<size_t>(p)])]))
      set.split[static_cast<size_t>(p)] = "test";
  }
}

// The pictures of the set's images from a folder into an image set; fills in their sizes.
void pack_pictures(const ConvertOptions& options, const cli::Invocation& invocation, io::PoseSet& set) {
  io::ImagesLayout layout;
  layout.storage = io::PixelStorage::kEncoded;
  std::optional<io::ImagesWriter> writer;
  if (!options.pictures.empty())
    writer.emplace(options.pictures, run_record(invocation), layout, writer_options(invocation));
  set.image_sizes.clear();
  Progress progress("convert", "picture", static_cast<int64_t>(set.image_ids.size()));
  for (size_t i = 0; i < set.image_ids.size(); ++i) {
    data::require_relative_path(set.image_ids[i], options.input + ": image");
    const std::string path = options.folder + "/" + set.image_ids[i];
    const auto bytes = read_file(path, int64_t{1} << 30);
    const auto [height, width] = io::picture_size(bytes, path);
    set.image_sizes.push_back(static_cast<int32_t>(height));
    set.image_sizes.push_back(static_cast<int32_t>(width));
    if (writer) {
      io::ImageRecord record;
      record.id = set.image_ids[i];
      record.height = static_cast<int32_t>(height);
      record.width = static_cast<int32_t>(width);
      record.encoded = {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
      writer->add(record);
    }
    progress.update(static_cast<int64_t>(i) + 1);
  }
  if (writer) log::info("{}: {} pictures, content hash {}", options.pictures, set.image_ids.size(), writer->finish());
}

void add_scene(const data::StickFigureOptions& drawing, const data::StickScene& scene, int64_t index,
               data::PoseRows& rows, io::PoseSet& set, io::ImagesWriter& writer) {
  io::ImageRecord record;
  record.id = data::stick_figure_id(index);
  record.height = static_cast<int32_t>(drawing.height);
  record.width = static_cast<int32_t>(drawing.width);
  record.split = data::stick_figure_split(drawing, index);
  const auto png = io::encode_png(scene.picture);
  record.encoded = {reinterpret_cast<const uint8_t*>(png.data()), png.size()};
  for (size_t p = 0; p < scene.people.size(); ++p) {
    const data::StickFigure& figure = scene.people[p];
    rows.add(record.id);
    for (size_t k = 0; k < figure.joints.size(); ++k)
      rows.joint(static_cast<int64_t>(k), figure.joints[k][0], figure.joints[k][1], io::kJointVisible);
    const Box& torso = figure.torso;
    data::PoseRows::box(set.torso_box, static_cast<double>(torso.x1), static_cast<double>(torso.y1),
                        static_cast<double>(torso.x2), static_cast<double>(torso.y2));
    set.split.push_back(p == 0 ? record.split : "beside");
    record.objects.push_back({figure.box.x1, figure.box.y1, figure.box.x2, figure.box.y2, 0, false, false});
  }
  set.image_sizes.push_back(record.height);
  set.image_sizes.push_back(record.width);
  writer.add(record);
}

int generate(const ConvertOptions& options, const cli::Invocation& invocation) {
  if (options.pictures.empty()) fail(ErrorKind::kUsage, "--pictures: needed with --from stick-figures");
  data::StickFigureOptions drawing;
  drawing.seed = invocation.common.seed;
  drawing.height = options.height;
  drawing.width = options.width;
  drawing.min_distractors = static_cast<int>(options.min_distractors);
  drawing.max_distractors = static_cast<int>(options.max_distractors);
  drawing.noise = options.noise;
  drawing.test_fraction = options.test_fraction;
  io::ImagesLayout layout;
  layout.storage = io::PixelStorage::kEncoded;
  layout.splits = layout.objects = true;
  layout.label_set = {"person"};
  io::ImagesWriter writer(options.pictures, run_record(invocation), layout, writer_options(invocation));
  io::PoseSet set = data::empty_poses("lsp-14");
  data::PoseRows rows(set);
  Progress progress("convert", "picture", options.count);
  parallel_ordered(
      options.count, 64, [&](int64_t i) { return data::draw_stick_figures(drawing, i); },
      [&](int64_t i, const data::StickScene& scene) {
        add_scene(drawing, scene, i, rows, set, writer);
        progress.update(i + 1);
      });
  warn_without_test(options.pictures, writer.count("test"), options.test_fraction);
  log::info("{}: {} pictures, content hash {}", options.pictures, options.count, writer.finish());
  const std::string hash = io::write_poses(options.output, run_record(invocation), set, writer_options(invocation));
  log::info("{}: {} people, content hash {}", options.output, set.people(), hash);
  return 0;
}

std::string counts(const io::PoseSet& set) {
  int64_t states[3] = {0, 0, 0};
  for (const uint8_t state : set.state) ++states[state];
  return fmt::format("{} joints visible, {} occluded, {} absent", states[2], states[1], states[0]);
}

int import_annotations(const ConvertOptions& options, const cli::Invocation& invocation) {
  if (!options.pictures.empty() && options.folder.empty())
    fail(ErrorKind::kUsage, "--pictures: needs --images, the folder with the pictures");
  io::PoseSet set = read_annotations(options);
  apply_splits(options, set);
  if (!options.folder.empty()) pack_pictures(options, invocation, set);
  const std::string hash = io::write_poses(options.output, run_record(invocation), set, writer_options(invocation));
  log::info("{}: {} people in {} pictures, {}-centric, {}; content hash {}", options.output, set.people(),
            set.image_ids.size(), set.side, counts(set), hash);
  return 0;
}

int export_poses(const ConvertOptions& options, const cli::Invocation& invocation) {
  const io::PoseSet set = io::read_poses(options.input);
  std::string text;
  if (options.to == "csv") {
    text = data::pose_csv(set);
  } else {
    const io::CocoKeypoints coco = data::to_coco(set);
    text = options.to == "coco" ? io::coco_keypoints_text(coco) : io::coco_keypoint_results(coco.people);
  }
  if (options.output == "-") {
    write_stdout(text);
  } else {
    write_file(options.output, text, {.no_clobber = invocation.common.no_clobber});
  }
  log::info("{}: {} people as {}", options.output, set.people(), options.to);
  return 0;
}

}  // namespace

void declare_convert(cli::OptionTable& table, ConvertOptions& o) {
  table.operand("FILE", o.input, "Annotations; with --to a fovea.poses file.", false).is_input_path();
  table.group("Conversion");
  table.add("from", o.from, "FORMAT", "Kind of the input.")
      .choices({"fovea", "flic", "lsp", "lspet", "mpii", "coco", "csv", "stick-figures"})
      .source("[ours]");
  table.add("to", o.to, "FORMAT", "Kind of the output.")
      .choices({"fovea", "csv", "coco", "coco-results"})
      .source("[ours]");
  table.add("images", o.folder, "DIR", "Folder that the pictures' names are relative to.")
      .completes(cli::Completion::kDirectory);
  table.add("pictures", o.pictures, "FILE", "Write the pictures here, as fovea.images.")
      .is_output_path()
      .no_effect_on_content();
  table.add("list", o.list, "FILE", "Names of the pictures in the file's order.")
      .is_input_path()
      .only_with("from", {"lsp", "lspet"});
  const std::vector<std::string> read{"fovea", "flic", "lsp", "lspet", "mpii", "coco", "csv"};
  table.add("split", o.split, "NAME", "Put everybody into this split.").only_with("from", read);
  table.add("test-list", o.test_list, "FILE", "Names of the pictures of the split test.")
      .is_input_path()
      .only_with("from", read);
  table.add("person-centric", o.person_centric, "FLIC: keep the person's left and right in back views.")
      .only_with("from", {"flic"});
  table.add("observer-centric", o.observer_centric, "CSV: left and right are the observer's.")
      .only_with("from", {"csv"});
  table.group("Generated pictures");
  const auto drawn = [](cli::Option& option) -> cli::Option& { return option.only_with("from", {"stick-figures"}); };
  drawn(table.add("count", o.count, "N", "How many.").range(1, 1e7).source("[ours]"));
  drawn(table.add("height", o.height, "N", "Pixels.").range(48, 2048).source("[ours]"));
  drawn(table.add("width", o.width, "N", "Pixels.").range(48, 2048).source("[ours]"));
  drawn(table.add("min-beside", o.min_distractors, "N", "Fewest other people.").range(0, 4).source("[ours]"));
  drawn(table.add("max-beside", o.max_distractors, "N", "Most other people.").range(0, 4).source("[ours]"));
  drawn(table.add("noise", o.noise, "X", "Scale of noise and clutter.").range(0, 10).source("[ours]"));
  drawn(table.add("test-fraction", o.test_fraction, "X", "Share of the split test.").range(0, 1).source("[ours]"));
  table.group("Output");
  table.output(o.output, "File to write.").required();
}

int convert(const ConvertOptions& options, const cli::Invocation& invocation) {
  if ((options.from == "fovea") == (options.to == "fovea")) {
    fail(ErrorKind::kUsage, "expected --from a foreign format, or --to one, found --from {} --to {}", options.from,
         options.to);
  }
  const bool generated = options.from == "stick-figures";
  if (generated && !options.input.empty()) fail(ErrorKind::kUsage, "stick figures are drawn: no FILE is read");
  if (!generated && options.input.empty()) fail(ErrorKind::kUsage, "expected a FILE to convert");
  if (options.output != "-") probe_output(options.output, invocation.common.no_clobber);
  if (!options.pictures.empty()) probe_output(options.pictures, invocation.common.no_clobber);
  if (options.to != "fovea") return export_poses(options, invocation);
  return generated ? generate(options, invocation) : import_annotations(options, invocation);
}

}  // namespace fovea::pose
