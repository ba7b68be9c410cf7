// Kernels of the spatial model, and curves of detection rates.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "eval/figure.h"
#include "systems/pose/eval.h"
#include "systems/pose/model.h"
#include "systems/pose/show.h"
#include "tensor/kernels/reference_spatial.h"

namespace fovea::pose {
namespace {

constexpr int64_t kMaxShown = 8;  // joints along each axis, unless --joints names more

std::vector<int64_t> chosen_parts(const SpatialPart& part, const std::vector<std::string>& names) {
  std::vector<int64_t> out;
  for (int64_t v = 0; v < part.parts(); ++v) {
    if (names.empty() || std::find(names.begin(), names.end(), part.part_name(v)) != names.end()) out.push_back(v);
  }
  if (out.empty()) fail(ErrorKind::kUsage, "--joints: expected joints of the model, found '{}'", join(names, ","));
  return out;
}

// softplus(k) of a pair inside the cells that its displacements reach, or the change since the start.
eval::HeatMap kernel_map(const SpatialPart& part, const SpatialPart* start, int64_t a, int64_t v, int64_t reach) {
  const int64_t r = part.settings().radius, size = 2 * r + 1;
  const auto value = [&](const SpatialPart& from, int64_t y, int64_t x) {
    const float energy =
        from.kernel().var.value().data<float>()[((a * from.parts() + v) * size + y + r) * size + x + r];
    return kernels::reference::softplus(static_cast<double>(energy), from.settings().beta);
  };
  eval::HeatMap map;
  map.rows = map.columns = 2 * reach + 1;
  for (int64_t y = -reach; y <= reach; ++y) {
    for (int64_t x = -reach; x <= reach; ++x)
      map.values.push_back(value(part, y, x) - (start != nullptr ? value(*start, y, x) : 0));
  }
  map.show_values = false;
  map.is_diverging = start != nullptr;
  return map;
}

// Cells around the centre outside of which no kernel is above a fiftieth of its peak.
int64_t reach_of(const SpatialPart& part, const std::vector<int64_t>& shown) {
  const int64_t r = part.settings().radius, size = 2 * r + 1;
  int64_t reach = std::min<int64_t>(4, r);
  for (const int64_t a : shown) {
    if (a >= part.outputs()) continue;
    for (const int64_t v : shown) {
      if (!part.has_edge(a, v)) continue;
      const eval::HeatMap map = kernel_map(part, nullptr, a, v, r);
      const double peak = *std::max_element(map.values.begin(), map.values.end());
      for (int64_t i = 0; i < size * size; ++i) {
        if (map.values[static_cast<size_t>(i)] > peak / 50 && peak > 0)
          reach = std::max({reach, std::abs(i / size - r), std::abs(i % size - r)});
      }
    }
  }
  return std::min(r, reach + 2);
}

}  // namespace

namespace detail {

void show_kernels(const ShowOptions& options, const cli::Invocation& invocation) {
  const PoseModel model = load_pose_model(options.files[0]);
  if (!model.spatial)
    throw Error(ErrorKind::kData,
                fmt::format("{}: expected a spatial model, found a part detector alone", options.files[0]),
                "made by train --stage spatial");
  std::optional<PoseModel> start;
  if (!options.start.empty()) {
    start = load_pose_model(options.start);
    const bool same = start->spatial && start->spatial->kernel().var.shape() == model.spatial->kernel().var.shape();
    if (!same)
      fail_data(options.start + ": model/spatial/kernel", model.spatial->kernel().var.shape().text(),
                start->spatial ? start->spatial->kernel().var.shape().text() : "none");
  }
  const SpatialPart& part = *model.spatial;
  std::vector<int64_t> shown = chosen_parts(part, options.joints);
  if (options.joints.empty() && static_cast<int64_t>(shown.size()) > kMaxShown) {
    log::info("{} of {} parts are shown; --joints chooses others", kMaxShown, shown.size());
    shown.erase(shown.begin(), shown.end() - kMaxShown);
  }
  const int64_t reach = reach_of(part, shown);
  eval::Figure figure;
  figure.title = options.shown.title.empty()
                     ? (start ? "Change of the pairwise priors since the start"
                              : "Pairwise priors: where a joint (row) lies, given another (column)")
                     : options.shown.title;
  figure.caption = fmt::format(
      "Kernel centre = the given joint; +-{} cells of 4 input pixels shown; b = softplus of the bias.", reach);
  figure.columns = static_cast<int>(shown.size());
  figure.panel_width = 190;
  figure.panel_height = 205;
  double highest = 0;
  for (const int64_t a : shown) {
    for (const int64_t v : shown) {
      if (a >= part.outputs()) continue;
      eval::Panel panel;
      const double b = static_cast<double>(part.bias().var.value().data<float>()[a * part.parts() + v]);
      panel.title = fmt::format("{} | {}", part.part_name(a), part.part_name(v));
      panel.x.label = part.has_edge(a, v)
                          ? fmt::format("b = {:.3g}", kernels::reference::softplus(b, part.settings().beta))
                          : "no edge";
      panel.heat_map = kernel_map(part, start ? start->spatial.get() : nullptr, a, v, reach);
      for (const double value : panel.heat_map->values) highest = std::max(highest, std::abs(value));
      figure.panels.push_back(std::move(panel));
    }
  }
  if (options.scale == "common") {
    for (eval::Panel& panel : figure.panels) {
      panel.heat_map->high = highest;
      panel.heat_map->low = start ? -highest : 0;
    }
  }
  eval::write_figure(figure, options.shown.output, {invocation.common.no_clobber, 0});
  log::info("{}", options.shown.output);
}

}  // namespace detail

namespace {

// Detection rates read off the paper's figures, left side, FLIC: part detector, + spatial model, + joint training;
// elbow: joint training.   Spec pose-estimation, section 13
struct PublishedPoints {
  const char *joint, *label;
  double at5, at10, at20;
};
constexpr PublishedPoints kPublished[] = {{"wrist", "paper: detector", 44, 66, 74},
                                          {"wrist", "paper: + spatial", 49.5, 74.5, 85},
                                          {"wrist", "paper: joint", 51.6, 79.2, 88},
                                          {"elbow", "paper: joint", 45.5, 78, 91}};

eval::Line curve(const Matched& matched, const std::vector<double>& values, const JointGroup& group,
                 const std::string& label) {
  eval::Line line;
  line.label = label;
  for (int i = 0; i <= 40; ++i) {
    const double radius = 0.5 * i;
    const auto share = eval::share_within(values, matched.pairs.joints, group.joints, radius / 100);
    line.x.push_back(radius);
    line.y.push_back(share ? 100 * *share : NAN);
  }
  return line;
}

}  // namespace

namespace detail {

void show_curves(const ShowOptions& options, const cli::Invocation& invocation) {
  if (options.truth.empty()) fail(ErrorKind::kUsage, "--what curves: needs --truth, the annotated people");
  const io::PoseSet truth = io::read_poses(options.truth);
  const std::vector<std::string> wanted =
      options.joints.empty() ? std::vector<std::string>{"wrist", "elbow"} : options.joints;
  eval::Figure figure;
  figure.title = options.shown.title.empty() ? "Detection rate against the normalised distance" : options.shown.title;
  figure.panel_height = 400;
  figure.columns = static_cast<int>(std::min<size_t>(wanted.size(), 3));
  for (const std::string& joint : wanted) {
    eval::Panel panel;
    panel.title = joint;
    panel.x = {"distance, % of the torso", eval::ScaleKind::kLinear, 0.0, 20.0};
    panel.y = {"detection rate, %", eval::ScaleKind::kLinear, 0.0, 100.0};
    for (size_t f = 0; f < options.files.size(); ++f) {
      const io::PoseSet predicted = io::read_poses(options.files[f]);
      const std::string name = f < options.labels.size() ? options.labels[f] : base_name(options.files[f]);
      const bool both = !predicted.detector_xy.empty();
      for (const char* part : {"detector", "spatial"}) {
        if (!both && std::string_view(part) == "spatial") continue;
        const Matched matched = match_people(truth, predicted, options.split, part);
        const auto values = eval::normalized(eval::joint_distances(matched.pairs), torso_sizes(matched, options.torso),
                                             matched.pairs.joints);
        const auto groups = joint_groups(matched.joints);
        const auto group =
            std::find_if(groups.begin(), groups.end(), [&](const JointGroup& g) { return g.name == joint; });
        if (group == groups.end())
          fail(ErrorKind::kUsage, "--joints: expected joints of {}, found '{}'", options.files[f], printable(joint));
        eval::Line line = curve(matched, values, *group, both ? fmt::format("{}, {}", name, part) : name);
        line.hue = static_cast<int>(f);
        line.dash = both && std::string_view(part) == "detector" ? eval::Dash::kDashed : eval::Dash::kSolid;
        panel.lines.push_back(std::move(line));
      }
    }
    for (const PublishedPoints& points : kPublished) {
      if (options.published != points.joint || joint.find(points.joint) == std::string::npos) continue;
      eval::Line line;
      line.label = points.label;
      line.x = {5, 10, 20};
      line.y = {points.at5, points.at10, points.at20};
      line.hue = 6;
      line.dash = eval::Dash::kDotted;
      line.width = 1;
      line.markers = true;
      panel.lines.push_back(std::move(line));
    }
    figure.panels.push_back(std::move(panel));
  }
  eval::write_figure(figure, options.shown.output, {invocation.common.no_clobber, 0});
  log::info("{}", options.shown.output);
}

}  // namespace detail

}  // namespace fovea::pose
