#include "systems/pose/show.h"

#include "base/error.h"

namespace fovea::pose {

void declare_show(cli::OptionTable& table, ShowOptions& o) {
  table.operand("FILE", o.files, "Poses, heat maps or a checkpoint; curves: prediction files.", 1, -1).is_input_path();
  table.add("what", o.what, "KIND", "What is drawn.").choices({"overlay", "heatmaps", "kernels", "curves", "pyramid"});
  table.group("Pictures");
  const auto on = [](cli::Option& option, std::vector<std::string> kinds) -> cli::Option& {
    return option.only_with("what", std::move(kinds));
  };
  on(table.add("images", o.shown.inputs.images, "FILE", "The pictures, fovea.images.").is_input_path(),
     {"overlay", "heatmaps", "pyramid"});
  on(table.add("pictures", o.shown.inputs.pictures, "FILE", "Or pictures by their paths.").is_input_path(),
     {"overlay", "heatmaps", "pyramid"});
  declare_chosen_pictures(table, o.shown);
  for (const char* name : {"id", "count"}) table.find(name)->only_with("what", {"overlay", "heatmaps", "pyramid"});
  on(table.add("truth", o.truth, "FILE", "Annotated people: thin lines, or what curves are measured against.")
         .is_input_path(),
     {"overlay", "curves"});
  on(table.add("split", o.split, "NAME", "Only people of this split."), {"overlay", "curves"});
  on(table.add("min-score", o.min_score, "Z", "Joints that score less are drawn hollow.")
         .range(-1e9, 1e9)
         .source("[ours]"),
     {"overlay"});
  table.group("Kernels and curves");
  on(table.add("joints", o.joints, "LIST", "Only these joints (curves: wrist means both).")
         .default_text("kernels: all; curves: wrist,elbow"),
     {"kernels", "curves", "heatmaps"});
  on(table.add("scale", o.scale, "WAY", "One grey scale for each kernel, or one for all.")
         .choices({"own", "common"})
         .source("[ours]"),
     {"kernels"});
  on(table.add("start", o.start, "FILE", "Show the change since this checkpoint.").is_input_path(), {"kernels"});
  on(table.add("label", o.labels, "NAME", "Names of the files' curves, in order."), {"curves"});
  on(table.add("torso-norm", o.torso, "NAME", "What a torso's length is.")
         .choices({"lsho-rhip", "rsho-lhip", "mean", "box"})
         .source("[MODEC code]"),
     {"curves"});
  on(table.add("published", o.published, "JOINT", "Add the paper's points on FLIC.")
         .choices({"none", "wrist", "elbow"})
         .source("[paper, fig. 8]"),
     {"curves"});
  declare_sheet(table, o.shown);
}

int show(const ShowOptions& options, const cli::Invocation& invocation) {
  probe_sheet(options.shown, invocation);
  if (options.what != "curves" && options.files.size() != 1)
    fail(ErrorKind::kUsage, "--what {}: expected one FILE, found {}", options.what, options.files.size());
  if (options.what == "overlay") detail::show_overlay(options, invocation);
  if (options.what == "heatmaps") detail::show_heat_maps(options, invocation);
  if (options.what == "kernels") detail::show_kernels(options, invocation);
  if (options.what == "curves") detail::show_curves(options, invocation);
  if (options.what == "pyramid") detail::show_pyramid(options, invocation);
  return 0;
}

}  // namespace fovea::pose
