#include "systems/pose/predict.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/text.h"
#include "io/detections_file.h"
#include "io/heatmaps_file.h"
#include "systems/pose/inference.h"
#include "systems/precision.h"
#include "systems/run_record.h"

namespace fovea::pose {
namespace {

// People image by image; images may have none.
struct Crowd {
  std::vector<int64_t> items;               // of the source: the images in order
  std::vector<std::vector<Person>> people;  // of each
  std::vector<std::string> splits;          // of each row of the pose file, or empty
  std::optional<io::InputRecord> record;

  void keep_first(int64_t pictures) {
    if (pictures >= static_cast<int64_t>(items.size())) return;
    items.resize(static_cast<size_t>(pictures));
    people.resize(static_cast<size_t>(pictures));
  }
};

Person whole_frame(int64_t item) {
  Person person;
  person.item = item;
  return person;
}

// Where the torso of a person in a box usually is: the middle half, from a fifth to just above the middle.  [ours]
Box torso_of_box(const Box& box) {
  const auto w = static_cast<float>(width(box)), h = static_cast<float>(height(box));
  return {box.x1 + 0.3F * w, box.y1 + 0.2F * h, box.x1 + 0.7F * w, box.y1 + 0.52F * h};
}

Person in_box(int64_t item, const Box& box, int32_t number, bool hint) {
  Person person = whole_frame(item);
  person.crop = box;
  person.number = number;
  if (hint) person.torso = torso_of_box(box);
  return person;
}

Crowd from_data(const PredictOptions& options, const data::ImageSource& source, const PoseModel& model) {
  const io::PoseSet poses = io::read_poses(options.data);
  Crowd crowd;
  crowd.record = io::InputRecord{"data", recorded_path(options.data), "fovea.poses", poses.attributes.content_hash};
  crowd.splits = poses.split;
  PoseSettings settings = model.settings;
  std::unordered_map<int64_t, size_t> places;
  for (Person& person : select_people(poses, source, settings, options.inputs.split)) {
    const auto [at, fresh] = places.emplace(person.item, crowd.items.size());
    if (fresh) {
      crowd.items.push_back(person.item);
      crowd.people.emplace_back();
    }
    if (!options.torso_hints) person.torso.reset();
    crowd.people[at->second].push_back(std::move(person));
  }
  return crowd;
}

Crowd from_boxes(const PredictOptions& options, const data::ImageSource& source) {
  Crowd crowd;
  const std::string name = options.boxes == "-" ? "standard input" : options.boxes;
  const io::DetectionSet set = io::read_detections(options.boxes);
  const auto at = std::find(set.class_names.begin(), set.class_names.end(), options.person_class);
  if (at == set.class_names.end()) {
    throw Error(
        ErrorKind::kData,
        fmt::format("{}: class_names: expected the class '{}', found none", name, printable(options.person_class)),
        "classes: " + join(set.class_names, " ") + "; --class chooses");
  }
  crowd.record =
      io::InputRecord{"boxes", recorded_path(options.boxes), "fovea.detections", set.attributes.content_hash};
  std::unordered_map<std::string, std::vector<Box>> boxes;
  for (const auto& image : set.images) {
    auto& list = boxes[image.image_id];
    for (const auto& d : image.detections) {
      if (d.class_index == at - set.class_names.begin() && static_cast<double>(d.score) > options.threshold)
        list.push_back(d.box);
    }
  }
  for (int64_t item = 0; item < source.size(); ++item) {
    const auto found = boxes.find(source.id(item));
    if (found == boxes.end()) continue;
    crowd.items.push_back(item);
    crowd.people.emplace_back();
    int32_t number = 0;
    for (const Box& box : found->second)
      crowd.people.back().push_back(in_box(item, box, number++, options.torso_hints));
  }
  if (crowd.items.empty())
    throw Error(ErrorKind::kData, fmt::format("{}: image_id: expected an image of {}, found none", name, source.name()),
                "give the pictures that the boxes were found in, by the same names");
  return crowd;
}

Crowd whole_pictures(const data::ImageSource& source) {
  Crowd crowd;
  for (int64_t item = 0; item < source.size(); ++item) {
    crowd.items.push_back(item);
    crowd.people.push_back({whole_frame(item)});
  }
  return crowd;
}

// Collects people of the shard as rows of a pose file, and writes their heat maps.
class Output {
 public:
  Output(const PredictOptions& options, const cli::Invocation& invocation, const PoseModel& model,
         const data::ImageSource& source, const io::RootAttributes& root, const PersonSampler& sampler, bool has_splits)
      : options_(options),
        model_(model),
        source_(source),
        sampler_(sampler),
        refine_(parse_refine(options.refine)),
        extra_(one_sided_joints(model.settings.joints)) {
    set_.side = model.settings.side;
    set_.keep_sizes = set_.keep_score = set_.keep_torso = true;
    set_.keep_detector = model.spatial != nullptr;
    set_.keep_split = has_splits;
    data::JointSet joints = model.settings.joints;
    for (const auto& [k, name] : extra_) joints.joints.push_back(name);
    const data::JointSet pairs = extra_.empty() ? joints : data::named_joints(joints.joints);
    set_.joint_names = joints.joints;
    for (const auto& [a, b] : pairs.flips) set_.flip_pairs.insert(set_.flip_pairs.end(), {a, b});
    for (const auto& [a, b] : pairs.edges) set_.edges.insert(set_.edges.end(), {a, b});
    if (!options.heat_maps.empty()) {
      io::HeatMapsLayout layout{model.settings.joints.joints, model.map_height(), model.map_width(),
                                model.spatial != nullptr, model.settings.torso_to_spatial()};
      maps_.emplace(options.heat_maps, root, layout, writer_options(invocation));
    }
  }

  void add_image(int64_t item) {
    set_.image_ids.push_back(source_.id(item));
    const auto [h, w] = source_.size_of(item);
    set_.image_sizes.push_back(static_cast<int32_t>(h));
    set_.image_sizes.push_back(static_cast<int32_t>(w));
  }

  // The i-th of `maps`; the person's image is the last one whose id was added under that item.
  void add_person(const Person& person, int32_t image, const PersonMaps& maps, const PersonMaps* mirrored, int64_t i,
                  const std::string& split) {
    set_.image.push_back(image);
    if (set_.keep_split) set_.split.push_back(split);
    const Tensor& best = maps.spatial.defined() ? maps.spatial : maps.detector;
    const Affine to_picture = cells_to_picture(sampler_, person);
    for (int64_t k = 0; k < model_.joints(); ++k) {
      Peak peak = peak_of(best, i, k, refine_), before = peak_of(maps.detector, i, k, refine_);
      const bool central =
          data::other_side(set_.joint_names[static_cast<size_t>(k)]) == set_.joint_names[static_cast<size_t>(k)];
      if (mirrored != nullptr && central) {
        peak = mean(peak, mirrored_peak(mirrored->spatial.defined() ? mirrored->spatial : mirrored->detector, i, k));
        before = mean(before, mirrored_peak(mirrored->detector, i, k));
      }
      add_joint(to_picture, peak, before);
    }
    for (const auto& [k, name] : extra_) {
      const Tensor& other = mirrored->spatial.defined() ? mirrored->spatial : mirrored->detector;
      add_joint(to_picture, mirrored_peak(other, i, k), mirrored_peak(mirrored->detector, i, k));
    }
    constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();
    const Box torso = person.torso.value_or(Box{kUnknown, kUnknown, kUnknown, kUnknown});
    set_.torso_box.insert(set_.torso_box.end(), {torso.x1, torso.y1, torso.x2, torso.y2});
    if (maps_) add_maps(person, image, maps, i, to_picture);
  }

  std::string finish(const io::RootAttributes& root, const cli::Invocation& invocation) {
    if (maps_)
      log::info("{}: heat maps of {} people, content hash {}", options_.heat_maps, set_.people(), maps_->finish());
    if (options_.output.empty()) return "";
    return io::write_poses(options_.output, root, set_, writer_options(invocation));
  }
  int64_t people() const { return set_.people(); }
  int32_t images() const { return static_cast<int32_t>(set_.image_ids.size()); }
  bool needs_mirrored() const { return !extra_.empty(); }

 private:
  static Peak mean(const Peak& a, const Peak& b) {
    Peak out = a;
    out.x = (a.x + b.x) / 2;
    out.y = (a.y + b.y) / 2;
    out.score = (a.score + b.score) / 2;
    return out;
  }
  Peak mirrored_peak(const Tensor& maps, int64_t i, int64_t k) const {
    Peak peak = peak_of(maps, i, k, refine_);
    peak.x = static_cast<double>(maps.extent(2) - 1) - peak.x;
    return peak;
  }
  void add_joint(const Affine& to_picture, const Peak& peak, const Peak& before) {
    const auto at = to_picture(peak.x, peak.y), earlier = to_picture(before.x, before.y);
    for (const double v : at) set_.xy.push_back(static_cast<float>(v));
    set_.state.push_back(io::kJointVisible);
    set_.score.push_back(static_cast<float>(peak.score));
    if (!model_.spatial) return;
    for (const double v : earlier) set_.detector_xy.push_back(static_cast<float>(v));
    set_.detector_score.push_back(static_cast<float>(before.score));
  }
  void add_maps(const Person& person, int32_t image, const PersonMaps& maps, int64_t i, const Affine& to_picture) {
    io::PersonHeatMaps out;
    out.item_id = fmt::format("{}#{}", set_.image_ids[static_cast<size_t>(image)], person.number);
    const std::vector<float> detector = planar(maps.detector, i),
                             spatial = maps.spatial.defined() ? planar(maps.spatial, i) : std::vector<float>();
    const std::vector<float> torso = planar(maps.torso, i);
    out.detector = detector;
    out.spatial = spatial;
    out.torso = torso;
    const double affine[6] = {to_picture.a, to_picture.b, to_picture.c, to_picture.d, to_picture.e, to_picture.f};
    std::copy(affine, affine + 6, out.affine);
    maps_->add(out);
  }
  static std::vector<float> planar(const Tensor& maps, int64_t person) {
    const int64_t cells = maps.extent(1) * maps.extent(2), joints = maps.extent(3);
    std::vector<float> out(static_cast<size_t>(cells * joints));
    const float* from = maps.data<float>() + person * cells * joints;
    for (int64_t i = 0; i < cells; ++i) {
      for (int64_t k = 0; k < joints; ++k) out[static_cast<size_t>(k * cells + i)] = from[i * joints + k];
    }
    return out;
  }

  const PredictOptions& options_;
  const PoseModel& model_;
  const data::ImageSource& source_;
  const PersonSampler& sampler_;
  Refine refine_;
  std::vector<std::pair<int32_t, std::string>> extra_;
  io::PoseSet set_;
  std::optional<io::HeatMapsWriter> maps_;
};

void run_shard(const PredictOptions& options, const Crowd& crowd, std::pair<int64_t, int64_t> range, PoseModel& model,
               const PersonSampler& sampler, Output& out) {
  const TestViews views{options.test_flip && !out.needs_mirrored(), options.scales};
  Progress progress("predict", "picture", range.second - range.first);
  for (int64_t image = range.first; image < range.second; ++image) {
    out.add_image(crowd.items[static_cast<size_t>(image)]);
    // One by one: how a convolution is divided depends on the size of the batch, and so would the last bits of its
    // sums.
    for (const Person& person : crowd.people[static_cast<size_t>(image)]) {
      const PersonMaps maps = infer(model, sampler, {&person}, views);
      std::optional<PersonMaps> mirrored;
      if (out.needs_mirrored()) mirrored = infer_mirrored(model, sampler, {&person}, views);
      const bool has_split = !crowd.splits.empty() && person.row >= 0;
      out.add_person(person, out.images() - 1, maps, mirrored ? &*mirrored : nullptr, 0,
                     has_split ? crowd.splits[static_cast<size_t>(person.row)] : "");
    }
    progress.update(image - range.first + 1);
  }
}

}  // namespace

void declare_predict(cli::OptionTable& table, PredictOptions& o) {
  declare_picture_inputs(table, o.inputs);
  table.find("split")->text("With --data the split of people.");
  table.group("People");
  table.add("model", o.model, "FILE", "Checkpoint of pose-estimate train.").required().is_input_path();
  table.add("data", o.data, "FILE", "People of this fovea.poses file, with their torso boxes.")
      .is_input_path()
      .excludes("boxes");
  table.add("boxes", o.boxes, "FILE", "People found by rcnn-detect; '-': standard input.").is_input_path();
  table.add("class", o.person_class, "NAME", "Class of the boxes that are people.").source("[ours]").only_with("boxes");
  table.add("threshold", o.threshold, "Z", "Boxes that score above this.")
      .range(-1e9, 1e9)
      .source("[ours]")
      .only_with("boxes");
  table.add("margin", o.margin, "X", "A box is enlarged by this factor.")
      .range(0, 4)
      .source("[ours]")
      .default_text("0, the model's")
      .only_with("boxes");
  table
      .add("torso-hints", o.torso_hints, "Tell the model where the torso is: the data's, or the upper middle of a box.")
      .source("[paper §3.2]");
  table.group("Inference");
  table.add("refine", o.refine, "WAY", "Position within a cell.")
      .choices({"none", "log-parabola", "mean3"})
      .source("[ours]");
  table.add("test-flip", o.test_flip, "Average with the maps of the mirrored picture.").source("[ours]");
  table.add("test-scales", o.scales, "X", "Average over people enlarged by these factors.")
      .range(0.25, 4)
      .source("[paper: one scale]")
      .text("Both parts run once for each; the spatial model knows people of the training set's sizes only.");
  table.add("precision", o.precision, "TYPE", "Of the detector; bf16 needs AMX.")
      .choices({"f32", "bf16"})
      .source("[ours]");
  table.group("Output");
  table.output(o.output, "Joints to write, fovea.poses; '-': standard output.");
  table.add("heatmaps", o.heat_maps, "FILE", "Heat maps to write, fovea.heatmaps.")
      .is_output_path()
      .no_effect_on_content();
}

int predict(const PredictOptions& options, const cli::Invocation& invocation) {
  if (options.output.empty() && options.heat_maps.empty()) fail(ErrorKind::kUsage, "expected --output or --heatmaps");
  for (const std::string& path : {options.output, options.heat_maps}) {
    if (!path.empty() && path != "-") probe_output(path, invocation.common.no_clobber);
  }
  set_precision(options.precision);
  PoseModel model = load_pose_model(options.model);
  PictureInputs inputs = options.inputs;
  if (!options.data.empty()) {  // the pose file chooses: its splits, and the first pictures with its people
    inputs.split.clear();
    inputs.limit = 0;
  }
  const data::ImageSource source = open_pictures(inputs);
  Crowd crowd = !options.data.empty()    ? from_data(options, source, model)
                : !options.boxes.empty() ? from_boxes(options, source)
                                         : whole_pictures(source);
  if (options.inputs.limit > 0) crowd.keep_first(options.inputs.limit);
  const auto range = invocation.common.shard.range(static_cast<int64_t>(crowd.items.size()));
  io::RootAttributes root = run_record(invocation);
  root.inputs = {{"model", recorded_path(options.model), "fovea.checkpoint", model.hash},
                 input_record("images", source)};
  if (crowd.record) root.inputs.push_back(*crowd.record);
  if (options.data.empty() && options.boxes.empty() && model.settings.crop != "frame")
    log::warning("{}: trained on people cut out of their pictures; whole ones show them smaller: give --boxes",
                 options.model);
  const PersonSampler sampler(source, model, options.margin > 0 ? options.margin : model.settings.margin);
  Output out(options, invocation, model, source, root, sampler, !crowd.splits.empty());
  run_shard(options, crowd, range, model, sampler, out);
  const std::string hash = out.finish(root, invocation);
  if (!hash.empty())
    log::info("{}: {} people in {} pictures, content hash {}", options.output, out.people(), out.images(), hash);
  return 0;
}

}  // namespace fovea::pose
