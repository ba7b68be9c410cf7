// pose-estimate train: options, and what each stage starts from.
#include "systems/pose/train.h"

#include <algorithm>
#include <tuple>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "io/heatmaps_file.h"
#include "systems/net_library.h"
#include "systems/pose/detector_net.h"
#include "systems/pose/pose_task.h"
#include "systems/pose/spatial_start.h"
#include "systems/run_record.h"
#include "tensor/arena.h"

namespace fovea::pose {
namespace {

constexpr int64_t kCalibrationPeople = 200;

std::pair<int64_t, int64_t> input_size(const std::string& text) {
  if (text == "flic") return {240, 360};
  if (text == "lsp") return {256, 256};
  if (text == "tiny") return {96, 144};
  const auto parts = split(text, 'x');
  const auto height = parts.size() == 2 ? parse_int(parts[0]) : std::nullopt,
             width = parts.size() == 2 ? parse_int(parts[1]) : std::nullopt;
  if (!height || !width || *height < 16 || *width < 16 || *height > 4096 || *width > 4096)
    fail(ErrorKind::kUsage, "--input: expected flic, lsp, tiny or HEIGHTxWIDTH of 16..4096, found '{}'",
         printable(text));
  return {*height, *width};
}

PoseModel new_model(const TrainOptions& options, const io::PoseSet& poses, uint64_t seed) {
  PoseSettings settings;
  if (options.joints.empty()) {
    settings.joints = data::named_joints(poses.joint_names);
    settings.joints.name = "as the data";
    if (!poses.edges.empty()) settings.joints.edges.clear();
    for (size_t i = 0; i + 1 < poses.edges.size(); i += 2)
      settings.joints.edges.emplace_back(poses.edges[i], poses.edges[i + 1]);
  } else {
    settings.joints = data::joint_set(options.joints);
  }
  settings.side = poses.side;
  settings.sigma = options.sigma;
  settings.crop = options.crop;
  settings.margin = options.margin;
  settings.torso = options.torso != "auto" ? options.torso : poses.torso_box.empty() ? "none" : "spatial";
  DetectorVariant variant;
  std::tie(variant.height, variant.width) = input_size(options.input);
  variant.joints = settings.joints.count();
  variant.channel_share = options.channel_share;
  variant.merge = options.merge;
  variant.coarse = options.coarse;
  variant.head = options.head;
  variant.floor = options.lcn_floor;
  variant.dropout_kind = options.dropout_kind;
  variant.dropout = options.dropout;
  variant.batch_norm = options.batch_norm;
  variant.torso_input = settings.torso_to_detector();
  const std::string base = options.banks == 2 ? "pose-detector" : fmt::format("pose-detector-{}", options.banks);
  PoseModel model{settings, nn::Network(detector_net(load_net(base), variant)), nullptr, "", ""};
  model.detector.initialize(seed);
  return model;
}

// The radius that reaches every displacement inside the map, at most 64.
int64_t default_radius(const PoseModel& model) {
  return std::min<int64_t>(64, std::max(model.map_height(), model.map_width()) - 1);
}

void add_spatial_part(const TrainOptions& options, PoseModel& model) {
  SpatialSettings spatial;
  spatial.beta = options.beta;
  spatial.eps = options.eps;
  spatial.radius = options.radius > 0 ? options.radius : default_radius(model);
  spatial.edges = options.edges;
  spatial.torso = model.settings.torso_to_spatial();
  spatial.mirror_tie = options.mirror_tie;
  model.spatial = std::make_unique<SpatialPart>(model.settings.joints, spatial);
}

ops::SpatialForm parse_form(const std::string& name) {
  return name == "direct" ? ops::SpatialForm::kDirect : ops::SpatialForm::kFft;
}

CachedMaps read_cached(const TrainOptions& options, const io::PoseSet& poses, const PoseModel& model,
                       const std::vector<Person>& people, std::string& hash) {
  const io::HeatMapsReader reader(options.heat_maps);
  hash = reader.attributes().content_hash;
  const int64_t h = model.map_height(), w = model.map_width(), joints = model.joints();
  if (reader.layout().joint_names != model.settings.joints.joints || reader.layout().height != h ||
      reader.layout().width != w)
    fail_data(
        options.heat_maps + ": detector", fmt::format("maps {}x{} of the model's {} joints", h, w, joints),
        fmt::format("{}x{} of {}", reader.layout().height, reader.layout().width, reader.layout().joint_names.size()));
  CachedMaps cached;
  for (const Person& person : people) {
    const std::string id = fmt::format(
        "{}#{}", poses.image_ids[static_cast<size_t>(poses.image[static_cast<size_t>(person.row)])], person.number);
    const int64_t item = reader.find(id);
    if (item < 0)
      fail_data(options.heat_maps + ": item_id", "maps of everybody in the split", "none for " + printable(id));
    const auto values = reader.read("detector", item);
    Tensor maps = Tensor::empty({1, h, w, joints});
    float* to = maps.data<float>();
    for (int64_t i = 0; i < h * w; ++i) {
      for (int64_t k = 0; k < joints; ++k) to[i * joints + k] = values[static_cast<size_t>(k * h * w + i)];
    }
    cached.maps.push_back(std::move(maps));
  }
  return cached;
}

void start_spatial(const TrainOptions& options, PoseModel& model, const data::ImageSource& source,
                   const std::vector<Person>& people, const std::optional<CachedMaps>& cached) {
  const PersonSampler sampler(source, model);
  SpatialStart start;
  start.backgrounds = {options.own_background, options.background, options.torso_background};
  start.flips = options.flip > 0;
  start.scale_low = cached ? 1 : options.scale_low;
  start.scale_high = cached ? 1 : options.scale_high;
  const int64_t dropped = start_from_displacements(model, sampler, people, start);
  log::info("kernels of {} pairs from {} people; {} displacements outside +-{} cells",
            model.joints() * model.spatial->parts(), people.size(), dropped, model.spatial->settings().radius);
  if (options.calibrate == "targets") return;
  const auto count = std::min<int64_t>(kCalibrationPeople, static_cast<int64_t>(people.size()));
  const std::vector<Person> some(people.begin(), people.begin() + count);
  calibrate_on_maps(model, sampler, some, [&](int64_t i) {
    if (cached) return cached->maps[static_cast<size_t>(i)];
    const NoGrad no_grad;
    return model
        .detect(Var(sampler.batch({&some[static_cast<size_t>(i)]}, nullptr, true).input), nn::PassContext::inference())
        .value();
  });
}

void check_options(const TrainOptions& options) {
  if (options.scale_low > options.scale_high)
    fail(ErrorKind::kUsage, "--scale-low: expected at most --scale-high {}, found {}", options.scale_high,
         options.scale_low);
  if (options.stage != "detector" && options.init.empty())
    fail(ErrorKind::kUsage, "--stage {}: needs --init, the checkpoint of the stage before", options.stage);
  if (!options.heat_maps.empty() && options.stage != "spatial")
    fail(ErrorKind::kUsage, "--heatmaps: only --stage spatial reads maps");
  if (!options.joints.empty()) data::joint_set(options.joints);
  nn::Schedule::parse(resolved_schedule(options));
}

PoseModel starting_model(const TrainOptions& options, const io::PoseSet& poses, uint64_t seed) {
  PoseModel model = options.stage == "detector" ? new_model(options, poses, seed) : load_pose_model(options.init);
  if (options.stage == "detector" && !options.init.empty()) {
    const io::CheckpointData data = io::read_checkpoint(options.init, {true, false, false});
    restore_pose_arrays(model, data, options.init);
    model.hash = data.root.content_hash;
  }
  if (options.stage == "joint" && !model.spatial) {
    throw Error(ErrorKind::kData,
                fmt::format("{}: expected a spatial model, found a part detector alone", options.init),
                "run --stage spatial first");
  }
  if (options.stage == "spatial") add_spatial_part(options, model);
  if (model.spatial) model.spatial->set_form(parse_form(options.conv));
  return model;
}

void describe(const PoseModel& model, const TrainOptions& options) {
  std::string text = model.detector.describe();
  if (model.spatial) {
    const auto& s = model.spatial->settings();
    text += fmt::format("spatial: {} outputs from {} parts, kernels {}x{}, {} parameters\n", model.joints(),
                        model.spatial->parts(), 2 * s.radius + 1, 2 * s.radius + 1,
                        model.spatial->kernel().var.value().count() + model.spatial->bias().var.value().count());
  }
  text += fmt::format("loss: {} summed over {}x{} cells, averaged over maps\n",
                      options.stage == "detector" ? options.loss : options.spatial_loss, model.map_height(),
                      model.map_width());
  write_stdout(text);
}

}  // namespace

int train(const TrainOptions& options, const cli::Invocation& invocation) {
  check_options(options);
  probe_output(options.output, invocation.common.no_clobber);
  const io::PoseSet poses = io::read_poses(options.data);
  data::SourceOptions source_options;
  source_options.require_labels = false;
  const data::ImageSource source = data::ImageSource::open(options.images, source_options);
  PoseModel model = starting_model(options, poses, invocation.common.seed);
  std::vector<Person> people = select_people(poses, source, model.settings, options.split);
  std::vector<Person> validation;
  if (!options.validation.empty()) validation = select_people(poses, source, model.settings, options.validation);
  log::info("{}: {} people in {}, {} held out; input {}x{}, maps {}x{}", options.stage, people.size(), options.data,
            validation.size(), model.input_height(), model.input_width(), model.map_height(), model.map_width());
  if (invocation.common.dry_run) {
    describe(model, options);
    return 0;
  }
  io::RootAttributes root = run_record(invocation);
  root.parent = model.hash;
  root.inputs = {{"data", recorded_path(options.data), "fovea.poses", poses.attributes.content_hash},
                 input_record("images", source)};
  std::optional<CachedMaps> cached;
  if (!options.heat_maps.empty()) {
    std::string hash;
    cached = read_cached(options, poses, model, people, hash);
    root.inputs.push_back({"heatmaps", recorded_path(options.heat_maps), "fovea.heatmaps", hash});
  }
  const bool fresh = !(invocation.common.resume && file_exists(options.output));
  if (options.stage == "spatial" && fresh) start_spatial(options, model, source, people, cached);
  PoseTask task(options, invocation.common.seed, model, source, std::move(people), std::move(validation),
                std::move(cached));
  train::LoopOptions loop = loop_options(invocation, options.output, options.steps);
  loop.evaluate_every = options.report_every;
  loop.metrics = options.metrics;
  loop.save_best = !options.validation.empty();
  const train::LoopResult result = train::run(task, loop, root);
  if (result.exit_code != 0) return result.exit_code;
  log::info("{}: stage {}, {} steps, {} parameters, content hash {}", options.output, options.stage, result.steps,
            model.detector.parameter_count(), result.content_hash);
  return 0;
}

}  // namespace fovea::pose
