// rcnn-detect features
#include "systems/rcnn/features.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "io/checks.h"
#include "io/features_file.h"
#include "systems/precision.h"
#include "systems/rcnn/truth.h"
#include "systems/run_record.h"

namespace fovea::rcnn {
namespace {

// The regions of one picture: true boxes first if wanted, then proposals.
struct Regions {
  io::RegionList list;
  std::vector<io::MaskRuns> masks;
};

Regions gather(const data::ImageSource& source, int64_t item, const io::ProposalsReader& proposals,
               const FeaturesOptions& options, const Truth* truth, bool masks) {
  Regions regions;
  const auto [height, width] = source.size_of(item);
  regions.list = {source.id(item), static_cast<int32_t>(height), static_cast<int32_t>(width), {}, {}};
  if (truth != nullptr) {
    const auto& objects = truth->of(source.id(item));
    for (size_t i = 0; i < objects.size(); ++i) {
      regions.list.boxes.push_back(objects[i].box);
      regions.list.objects.push_back(static_cast<int32_t>(i));
    }
  }
  const int64_t at = proposals.find(source.id(item));
  if (at < 0) {
    throw Error(ErrorKind::kData,
                fmt::format("{}: image_id: expected '{}' of {}, found no such image", proposals.path(), source.id(item),
                            source.name()),
                "use the same pictures, split and shard as for rcnn-propose run");
  }
  io::ImageProposals found = proposals.read(at, masks);
  if (found.height != height || found.width != width) {
    fail_data(fmt::format("{}: image_size of {}", proposals.path(), source.id(item)),
              fmt::format("{}x{}", height, width), fmt::format("{}x{}", found.height, found.width));
  }
  const size_t keep =
      options.top > 0 ? std::min(found.boxes.size(), static_cast<size_t>(options.top)) : found.boxes.size();
  regions.list.boxes.insert(regions.list.boxes.end(), found.boxes.begin(),
                            found.boxes.begin() + static_cast<std::ptrdiff_t>(keep));
  regions.list.objects.resize(regions.list.boxes.size(), -1);
  if (masks) {
    found.masks.resize(keep);
    regions.masks = std::move(found.masks);
  }
  return regions;
}

}  // namespace

void declare_features_of_regions(cli::OptionTable& table, FeatureOptions& options) {
  table.group("Features");
  table.add("layer", options.layer, "NAME", "Layer whose (rectified) output is taken.")
      .default_text("fc7, or what the classifier reads");
  table.add("grid", options.grid, "N", "Average the layer's map to NxN; 0: as it is.").range(0, 64).source("[ours]");
  table.add("crop", options.crop, "N", "Side of the network's input; 0: its own.").range(0, 4096).source("[ours]");
  table.add("warp", options.warp, "MODE", "How a box is fitted to the input.")
      .choices({"warp", "square", "square-nocontext"})
      .source("[paper, appendix A]");
  table.add("padding", options.padding, "N", "Pixels of context at the network's input.")
      .range(0, 512)
      .source("[paper, appendix A]");
  table.add("region", options.region, "KIND", "full box, fg (mask only) or both; fg needs masks.")
      .choices({"full", "fg", "full+fg"})
      .source("[paper §5]");
  table.add("batch", options.batch, "N", "Crops per network call.").range(1, 4096).source("[ours]");
  table.add("precision", options.precision, "TYPE", "Arithmetic of conv and dense layers; bf16 needs a CPU with AMX.")
      .choices({"f32", "bf16"});
}

FeatureConfig feature_config(const FeatureOptions& options, const nn::NetText& net) {
  FeatureConfig config;
  config.layer = resolve_feature_layer(net, options.layer);
  config.grid = options.grid;
  config.crop = options.crop;
  config.warp = {data::parse_warp_mode(options.warp), options.padding};
  config.region = parse_region_kind(options.region);
  config.batch = options.batch;
  return config;
}

void declare_features(cli::OptionTable& table, FeaturesOptions& options) {
  declare_picture_inputs(table, options.inputs);
  table.group("Regions");
  table.add("model", options.model, "FILE", "Checkpoint of the network.").required().is_input_path();
  table.add("proposals", options.proposals, "FILE", "Proposals of these pictures.").required().is_input_path();
  table.add("top", options.top, "N", "Only the N best proposals of each picture; 0: all.").at_least(0).source("[ours]");
  table.add("truth", options.truth, "Put the true boxes of --images first: needed for training.").only_with("images");
  declare_features_of_regions(table, options.features);
  table.group("Output");
  table.output(options.output, "Features to write.").required();
  table.add("store", options.store, "TYPE", "Numbers in the file; f16 halves it and keeps 11 bits.")
      .choices({"f32", "f16"})
      .source("[ours]");
}

void check_made_for(const io::RegionFeaturesReader& features, const std::string& images_hash) {
  for (const io::InputRecord& input : features.attributes().inputs) {
    if (input.role == "images") io::check_partner(features.path(), "image set", input.hash, images_hash);
  }
}

int extract_features(const FeaturesOptions& options, const cli::Invocation& invocation) {
  probe_output(options.output, invocation.common.no_clobber);
  set_precision(options.features.precision);
  train::Model model = train::load_model(options.model);
  FeatureExtractor extractor(model, feature_config(options.features, model.network.text()));
  const bool masks = extractor.config().region != RegionKind::kFull;
  const io::ProposalsReader proposals(options.proposals);
  if (masks && !proposals.has_masks()) {
    throw Error(ErrorKind::kData, options.proposals + ": masks: expected region masks, found none",
                "rcnn-propose run --masks stores them");
  }
  if (masks && options.truth) fail(ErrorKind::kUsage, "--truth: true boxes have no masks; use --region full");
  const data::ImageSource source = open_pictures(options.inputs);
  std::optional<Truth> truth;
  if (options.truth) truth = read_truth(options.inputs.images);
  const auto [begin, end] = invocation.common.shard.range(source.size());
  if (invocation.common.dry_run) {
    log::info("{} pictures, layer {}, {} features for each region", end - begin, extractor.config().layer,
              extractor.dimension());
    return 0;
  }
  io::RootAttributes root = run_record(invocation);
  root.inputs = {
      input_record("images", source),
      input_record("network", model),
      {"proposals", recorded_path(options.proposals), "fovea.proposals", proposals.attributes().content_hash}};
  io::FeaturesLayout layout{extractor.dimension(), extractor.config().layer, model.hash,
                            feature_config_json(extractor.config(), extractor.preprocess()),
                            options.store == "f16" ? io::ElementType::kF16 : io::ElementType::kF32};
  io::RegionFeaturesWriter writer(options.output, root, layout, writer_options(invocation));
  Progress progress("features", "picture", end - begin);
  std::vector<float> rows;
  for (int64_t item = begin; item < end; ++item) {
    const Regions regions = gather(source, item, proposals, options, truth ? &*truth : nullptr, masks);
    const int64_t values =
        checked_multiply(static_cast<int64_t>(regions.list.boxes.size()), extractor.dimension(), "features");
    require_memory(checked_multiply(values, 4, "features"), "features of " + source.id(item));
    rows.resize(static_cast<size_t>(values));
    extractor.extract(source.pixels(item), regions.list.boxes, regions.masks, rows.data());
    writer.add(regions.list, rows);
    progress.update(item - begin + 1, fmt::format("{} regions", writer.regions()));
  }
  const int64_t regions = writer.regions();
  const std::string hash = writer.finish();
  log::info("{}: {} regions x {} features ({}), content hash {}", options.output, regions, extractor.dimension(),
            extractor.config().layer, hash);
  return 0;
}

}  // namespace fovea::rcnn
