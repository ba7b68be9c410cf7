#include "systems/advgen/show.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "eval/figure.h"
#include "io/json.h"
#include "systems/advgen/show_pictures.h"

namespace fovea::advgen {
namespace {

constexpr int64_t kMaxResultBytes = int64_t{1} << 28;
constexpr size_t kFewestPoints = 3;  // two restarts make no curve

struct Curve {
  std::string model;
  eval::Line line;
  eval::Band band;
};

// Rows of `part` in the order of the files, one curve for each model.
std::vector<Curve> read_curves(const std::vector<std::string>& paths, const std::string& part, const std::string& x_key,
                               double x_scale) {
  std::vector<Curve> curves;
  for (const std::string& path : paths) {
    const auto lines = split(read_text_file(path, kMaxResultBytes), '\n');
    for (size_t i = 0; i < lines.size(); ++i) {
      if (trim(lines[i]).empty()) continue;
      const std::string place = fmt::format("{}:{}", path, i + 1);
      const io::Json row = io::parse_json(lines[i], place);
      if (!row.is_object() || io::json_text(row, "part", place) != part) continue;
      const std::string model = io::json_text(row, "model", place);
      auto it = std::find_if(curves.begin(), curves.end(), [&](const Curve& curve) { return curve.model == model; });
      if (it == curves.end()) it = curves.insert(curves.end(), {model, {}, {}});
      const double x = x_scale * io::json_number(row, x_key, place);
      it->line.x.push_back(x);
      it->line.y.push_back(io::json_number(row, "accuracy", place));
      it->band.x.push_back(x);
      it->band.low.push_back(io::json_number(row, "low", place));
      it->band.high.push_back(io::json_number(row, "high", place));
    }
  }
  return curves;
}

void add_panel(eval::Figure& figure, const ShowOptions& options, const std::string& part, const std::string& key,
               const std::string& title, const std::string& label, double x_scale) {
  eval::Panel panel;
  panel.title = title;
  panel.x.label = label;
  panel.y.label = "accuracy";
  panel.y.low = 0, panel.y.high = 1;
  auto curves = read_curves(options.inputs, part, key, x_scale);
  if (!options.names.empty() && !curves.empty() && options.names.size() != curves.size()) {
    fail(ErrorKind::kUsage, "--names: expected {} names, one a model, found {}", curves.size(), options.names.size());
  }
  for (size_t i = 0; i < curves.size(); ++i) {
    if (curves[i].line.x.size() < kFewestPoints) continue;
    curves[i].line.label =
        options.names.empty() ? curves[i].model.substr(0, curves[i].model.find('.')) : options.names[i];
    curves[i].line.hue = curves[i].band.hue = static_cast<int>(i);
    curves[i].line.markers = true;
    panel.lines.push_back(std::move(curves[i].line));
    panel.bands.push_back(std::move(curves[i].band));
  }
  if (!panel.lines.empty()) figure.panels.push_back(std::move(panel));
}

eval::Figure curve_sheet(const ShowOptions& options) {
  eval::Figure figure{
      options.title.empty() ? "Accuracy under PGD" : options.title, "bands: 95 % intervals over the images", {}};
  add_panel(figure, options, "curve", "epsilon", "against the size of the perturbation", "epsilon, of 255", 255);
  add_panel(figure, options, "step-curve", "steps", "against the number of steps", "steps", 1);
  add_panel(figure, options, "restart-curve", "restarts", "against the number of restarts", "restarts", 1);
  if (figure.panels.empty()) {
    throw Error(ErrorKind::kData, join(options.inputs, ", ") + ": expected curves, found none",
                "measure them with: advgen-train eval --curve 0,1/255,2/255 --format jsonl");
  }
  figure.columns = 1;
  return figure;
}

}  // namespace

void declare_show(cli::OptionTable& table, ShowOptions& options) {
  table.operand("FILE", options.inputs,
                "What attack wrote; for perturbation a checkpoint, for curves results of eval (jsonl).", 1, -1);
  table.add("what", options.what, "KIND", "What to draw.").choices({"pictures", "perturbation", "curves"});
  table.group("Pictures");
  table.add("count", options.count, "N", "How many pictures.")
      .range(1, 400)
      .source("[ours]")
      .only_with("what", {"pictures"});
  table.add("id", options.ids, "ID", "These images instead of the first ones.").only_with("what", {"pictures"});
  table.add("fooled", options.fooled, "Only pictures that the attack turned from right to wrong.")
      .only_with("what", {"pictures"});
  table.add("amplify", options.amplify, "X", "Draw perturbations X times as strong; 0: as strong as fits.")
      .range(0, 1e6)
      .source("[ours]")
      .only_with("what", {"pictures", "perturbation"});
  table.add("side-by-side", options.pairs, "N", "Examples in a row, three pictures each.")
      .range(1, 16)
      .source("[ours]")
      .only_with("what", {"pictures"});
  table.group("Output");
  table.add("names", options.names, "LIST", "Names of the curves.").only_with("what", {"curves"});
  table.add("title", options.title, "TEXT", "Title of the picture.");
  table.output(options.output, "Picture to write, .png or .svg.").required();
}

int show(const ShowOptions& options, const cli::Invocation& invocation) {
  if (options.what != "curves" && options.inputs.size() != 1) {
    fail(ErrorKind::kUsage, "--what {}: expected one file, found {}", options.what, options.inputs.size());
  }
  eval::figure_format(options.output);
  const OutputPolicy policy{invocation.common.no_clobber, 0};
  probe_output(options.output, policy.no_clobber);
  if (options.what == "curves")
    eval::write_figure(curve_sheet(options), options.output, policy);
  else
    eval::write_sheet(options.what == "pictures" ? picture_sheet(options) : perturbation_sheet(options), options.output,
                      policy);
  log::info("{}", options.output);
  return 0;
}

}  // namespace fovea::advgen
