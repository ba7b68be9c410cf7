#include "systems/caption/features.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/progress.h"
#include "systems/precision.h"
#include "systems/run_record.h"

namespace fovea::caption {
namespace {

constexpr int64_t kPicturesAtOnce = 16;

}  // namespace

void declare_fit(cli::OptionTable& table, FitOptions& options) {
  table.add("fit", options.fit, "HOW", "crop: shorter side to --resize-side, centre; stretch: the whole picture.")
      .choices({"crop", "stretch"})
      .source("[arctic-captions]");
  table.add("crop", options.crop, "N", "Side of the network's input; 0: its own.").range(0, 4096).source("[ours]");
  table.add("resize-side", options.resize_side, "N", "Shorter side before the crop; 0: 8/7 of the crop, 256 for 224.")
      .range(0, 8192)
      .source("[arctic-captions]");
}

data::Preprocess fitted(const data::Preprocess& preprocess, const FitOptions& options) {
  data::Preprocess out = preprocess;
  if (options.crop > 0) out.height = out.width = options.crop;
  const int64_t side = std::min(out.height, out.width);
  out.resize = options.fit == "stretch" ? data::ResizeMode::kStretch : data::ResizeMode::kShorterSide;
  out.resize_side = options.resize_side > 0 ? options.resize_side : side * 8 / 7;
  if (out.resize == data::ResizeMode::kStretch) out.resize_side = 0;
  if (out.resize_side > 0 && out.resize_side < side)
    fail(ErrorKind::kUsage, "--resize-side: expected at least the crop of {}, found {}", side, out.resize_side);
  return out;
}

void declare_features(cli::OptionTable& table, FeaturesOptions& options) {
  declare_picture_inputs(table, options.inputs);
  table.group("Features");
  table.add("model", options.model, "FILE", "Checkpoint of the network.").required().is_input_path();
  table.add("layer", options.layer, "NAME", "Layer whose (rectified) map is taken.")
      .text("NAME+position adds the row and the column of each place, for nets that pool them away.")
      .default_text("what the last max_pool before a dense layer reads")
      .source("[paper §4.3]");
  declare_fit(table, options.fit);
  table.add("precision", options.precision, "TYPE", "Arithmetic of conv and dense layers; bf16 needs a CPU with AMX.")
      .choices({"f32", "bf16"});
  table.group("Output");
  table.output(options.output, "Features to write.").required();
}

int extract_features(const FeaturesOptions& options, const cli::Invocation& invocation) {
  probe_output(options.output, invocation.common.no_clobber);
  set_precision(options.precision);
  train::Model model = train::load_model(options.model);
  const data::Preprocess preprocess = fitted(model.preprocess, options.fit);
  const io::InputRecord record = input_record("network", model);
  Annotator annotator(std::move(model), options.layer, preprocess);
  const data::ImageSource source = open_pictures(options.inputs);
  const auto [begin, end] = invocation.common.shard.range(source.size());
  const io::GridLayout& layout = annotator.layout();
  log::info("layer {}: {}x{} places of {} features", layout.layer, layout.grid[0], layout.grid[1], layout.dimension);
  if (invocation.common.dry_run) return 0;
  io::RootAttributes root = run_record(invocation);
  root.inputs = {input_record("images", source), record};
  io::GridFeaturesWriter writer(options.output, root, layout, writer_options(invocation));
  Progress progress("features", "picture", end - begin);
  std::vector<float> rows(static_cast<size_t>(kPicturesAtOnce * layout.values()));
  for (int64_t item = begin; item < end; item += kPicturesAtOnce) {
    const int64_t last = std::min(item + kPicturesAtOnce, end);
    annotator.annotate(source, item, last, rows.data());
    for (int64_t i = item; i < last; ++i) {
      writer.add(source.id(i), std::span<const float>(rows).subspan(static_cast<size_t>((i - item) * layout.values()),
                                                                    static_cast<size_t>(layout.values())));
    }
    progress.update(last - begin);
  }
  const std::string hash = writer.finish();
  log::info("{}: {} pictures, {} x {} features, content hash {}", options.output, end - begin, layout.places(),
            layout.dimension, hash);
  return 0;
}

}  // namespace fovea::caption
