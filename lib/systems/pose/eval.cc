#include "systems/pose/eval.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/log.h"
#include "systems/requirement.h"
#include "systems/run_record.h"

namespace fovea::pose {
namespace {

using eval::Cell;

// Distances in percent of a person's size, and what belongs to the metric.
struct Measured {
  std::vector<double> values;  // P x K, percent
  std::vector<double> radii;   // to report, percent
  double auc_low = 1, auc_high = 20, auc_step = 1;
};

Measured measure(const EvalOptions& options, const Matched& matched) {
  Measured out;
  std::vector<double> sizes;
  if (options.metric == "pck") {
    sizes = eval::box_sides(matched.pairs);
    out.radii = {20};
  } else if (options.metric == "pckh") {
    sizes = eval::head_sizes(matched.head_boxes);
    out.radii = {50};
    out.auc_low = 0;
    out.auc_high = 50;
  } else {
    sizes = torso_sizes(matched, options.torso);
    out.radii = {5, 10, 20};
  }
  const auto skipped = std::count_if(sizes.begin(), sizes.end(), [](double v) { return std::isnan(v); });
  if (skipped == static_cast<std::ptrdiff_t>(sizes.size())) {
    throw Error(ErrorKind::kData,
                fmt::format("{}: expected people of known size for {}, found none", options.truth, options.metric),
                options.metric == "pckh" ? "PCKh needs head boxes" : "");
  }
  if (skipped > 0) log::warning("{} of {} people have no known size and are left out", skipped, sizes.size());
  if (!options.radii.empty()) out.radii = options.radii;
  out.values = eval::normalized(eval::joint_distances(matched.pairs), sizes, matched.pairs.joints);
  for (double& value : out.values) value *= 100;
  return out;
}

// Means over joints leave out MPII's pelvis and thorax.
std::vector<JointGroup> groups_for(const EvalOptions& options, const Matched& matched) {
  auto groups = joint_groups(matched.joints);
  if (options.metric != "pckh") return groups;
  std::erase_if(groups.back().joints, [&](int64_t k) {
    return matched.joints[static_cast<size_t>(k)] == "pelvis" || matched.joints[static_cast<size_t>(k)] == "thorax";
  });
  return groups;
}

eval::Table rate_table(const EvalOptions& options, const Matched& matched, uint64_t seed) {
  const Measured measured = measure(options, matched);
  const int64_t joints = matched.pairs.joints;
  eval::Table table;
  table.columns = {{"joint", 0}, {"radius", 2}, {"rate", 2}, {"annotated", 0}, {"auc", 2}};
  if (options.bootstrap > 0) table.columns.insert(table.columns.end(), {{"low", 2}, {"high", 2}});
  for (const JointGroup& group : groups_for(options, matched)) {
    const auto rate = [&](double radius) -> std::optional<double> {
      const auto share = eval::share_within(measured.values, joints, group.joints, radius);
      return share ? std::optional(100 * *share) : std::nullopt;
    };
    std::optional<double> area;
    if (rate(0)) {
      std::vector<double> x, y;
      for (double r = measured.auc_low; r <= measured.auc_high + 1e-9; r += measured.auc_step)
        x.push_back(r), y.push_back(*rate(r));
      area = eval::area_under(x, y);
    }
    for (const double radius : measured.radii) {
      std::vector<Cell> row{group.name, radius, eval::cell(rate(radius)),
                            eval::annotated(measured.values, joints, group.joints), eval::cell(area)};
      if (options.bootstrap > 0) {
        const auto interval = eval::bootstrap_interval(measured.values, joints, group.joints, radius, matched.image,
                                                       options.bootstrap, seed);
        row.push_back(interval ? Cell(100 * interval->first) : Cell());
        row.push_back(interval ? Cell(100 * interval->second) : Cell());
      }
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

// Limbs by the names of their ends; the torso goes from mid-shoulder to mid-hip, which are added as joints.
struct Limb {
  const char* name;
  std::vector<std::pair<const char*, const char*>> ends;
};
const std::vector<Limb>& limbs() {
  static const std::vector<Limb> table = {
      {"torso", {{"mid_shoulder", "mid_hip"}}},
      {"upper_leg", {{"left_hip", "left_knee"}, {"right_hip", "right_knee"}}},
      {"lower_leg", {{"left_knee", "left_ankle"}, {"right_knee", "right_ankle"}}},
      {"upper_arm", {{"left_shoulder", "left_elbow"}, {"right_shoulder", "right_elbow"}}},
      {"forearm", {{"left_elbow", "left_wrist"}, {"right_elbow", "right_wrist"}}},
      {"head", {{"neck", "head_top"}}}};
  return table;
}

void add_middle(Matched& matched, const char* name, const char* left, const char* right) {
  const int64_t a = matched.find(left), b = matched.find(right), joints = matched.pairs.joints;
  if (a < 0 || b < 0) return;
  const auto extend = [&](std::vector<double>& xy) {
    std::vector<double> out;
    for (size_t person = 0; person < xy.size(); person += static_cast<size_t>(2 * joints)) {
      out.insert(out.end(), xy.begin() + static_cast<std::ptrdiff_t>(person),
                 xy.begin() + static_cast<std::ptrdiff_t>(person) + 2 * joints);
      for (size_t axis = 0; axis < 2; ++axis)
        out.push_back(
            (xy[person + static_cast<size_t>(2 * a) + axis] + xy[person + static_cast<size_t>(2 * b) + axis]) / 2);
    }
    xy = std::move(out);
  };
  extend(matched.pairs.truth);
  extend(matched.pairs.predicted);
  matched.joints.emplace_back(name);
  ++matched.pairs.joints;
}

eval::Table part_table(const EvalOptions& options, Matched matched) {
  add_middle(matched, "mid_shoulder", "left_shoulder", "right_shoulder");
  add_middle(matched, "mid_hip", "left_hip", "right_hip");
  const double share = (options.radii.empty() ? 50 : options.radii[0]) / 100;
  eval::Table table;
  table.columns = {{"limb", 0}, {"radius", 2}, {"rate", 2}, {"loose", 2}};
  std::vector<std::pair<int64_t, int64_t>> all;
  const auto add = [&](const char* name, const std::vector<std::pair<int64_t, int64_t>>& ends) {
    const auto strict = eval::correct_parts(matched.pairs, ends, share, true),
               loose = eval::correct_parts(matched.pairs, ends, share, false);
    table.rows.push_back(
        {std::string(name), 100 * share, strict ? Cell(100 * *strict) : Cell(), loose ? Cell(100 * *loose) : Cell()});
  };
  for (const Limb& limb : limbs()) {
    std::vector<std::pair<int64_t, int64_t>> ends;
    for (const auto& [from, to] : limb.ends) {
      const int64_t a = matched.find(from), b = matched.find(to);
      if (a >= 0 && b >= 0) ends.emplace_back(a, b);
    }
    if (ends.empty()) continue;
    add(limb.name, ends);
    all.insert(all.end(), ends.begin(), ends.end());
  }
  if (all.empty()) fail_data(options.truth + ": joint_names", "both ends of a limb", "none");
  add("all", all);
  return table;
}

// Of the people who share their image with others (whatever the split): is the prediction nearest to the own joints?
eval::Table person_table(const Matched& matched, const io::PoseSet& truth) {
  int64_t right = 0, all = 0;
  for (size_t i = 0; i < matched.row.size(); ++i) {
    const auto distance_to = [&](int64_t row) {
      double sum = 0;
      int64_t count = 0;
      for (int64_t k = 0; k < matched.pairs.joints; ++k) {
        const auto joint =
            std::find(truth.joint_names.begin(), truth.joint_names.end(), matched.joints[static_cast<size_t>(k)]) -
            truth.joint_names.begin();
        const double* at = matched.pairs.predicted.data() + 2 * (static_cast<int64_t>(i) * matched.pairs.joints + k);
        if (!truth.has_joint(row, joint) || !std::isfinite(at[0])) continue;
        sum += std::hypot(static_cast<double>(truth.joint(row, joint)[0]) - at[0],
                          static_cast<double>(truth.joint(row, joint)[1]) - at[1]);
        ++count;
      }
      return count > 0 ? sum / static_cast<double>(count) : INFINITY;
    };
    const double own = distance_to(matched.row[i]);
    bool shared = false, nearest = std::isfinite(own);
    for (int64_t other = 0; other < truth.people(); ++other) {
      if (other == matched.row[i] || truth.image[static_cast<size_t>(other)] != matched.image[i]) continue;
      shared = true;
      nearest = nearest && own < distance_to(other);
    }
    all += shared ? 1 : 0;
    right += shared && nearest ? 1 : 0;
  }
  eval::Table table;
  table.columns = {{"what", 0}, {"rate", 2}, {"people", 0}};
  table.rows.push_back({std::string("right_person"),
                        all > 0 ? Cell(100 * static_cast<double>(right) / static_cast<double>(all)) : Cell(), all});
  return table;
}

}  // namespace

void declare_eval(cli::OptionTable& table, EvalOptions& o) {
  table.group("Evaluation");
  table.add("truth", o.truth, "FILE", "Annotated people, fovea.poses.").required().is_input_path();
  table.add("pred", o.predicted, "FILE", "Predicted people, fovea.poses.").required().is_input_path();
  table.add("split", o.split, "NAME", "Split of the truth; empty: all.");
  table.add("metric", o.metric, "NAME", "What is measured.")
      .choices({"pdj", "pck", "pckh", "pcp", "person"})
      .source("[paper §4]")
      .text(
          "pdj: detection rate, distances in percent of the torso. pck: of the longer side of the person's box. pckh: "
          "of 0.6 of the head box's diagonal. "
          "pcp: limbs both of whose ends lie within a share of their length. person: people whose prediction is "
          "nearest to themselves among those in the picture.");
  table.add("part", o.part, "PART", "Positions after or before the spatial model.")
      .choices({"spatial", "detector"})
      .source("[ours]");
  table.add("radii", o.radii, "LIST", "Radii in percent of the size.")
      .range(0, 1000)
      .source("[ours]")
      .default_text("5,10,20 for pdj, 20 for pck, 50 for pckh and pcp");
  table.add("torso-norm", o.torso, "NAME", "What a torso's length is.")
      .choices({"lsho-rhip", "rsho-lhip", "mean", "box"})
      .source("[MODEC code]")
      .only_with("metric", {"pdj"});
  table.add("bootstrap", o.bootstrap, "N", "Add 95 % intervals from N resamplings of the images.")
      .range(0, 100000)
      .only_with("metric", {"pdj", "pck", "pckh"})
      .source("[ours]");
  table.add("require", o.require, "COND", "Exit 1 unless it holds in the last row, e.g. 'rate>=60'.");
}

int evaluate(const EvalOptions& options, const cli::Invocation& invocation) {
  std::optional<Requirement> requirement;
  if (!options.require.empty()) requirement.emplace(options.require, std::vector<std::string>{"rate", "auc", "loose"});
  const io::PoseSet truth = io::read_poses(options.truth), predicted = io::read_poses(options.predicted);
  const Matched matched = match_people(truth, predicted, options.split, options.part);
  if (matched.missed > 0)
    log::warning("{} of {} people have no prediction: their joints are misses", matched.missed, matched.row.size());
  const eval::Table table = options.metric == "pcp"      ? part_table(options, matched)
                            : options.metric == "person" ? person_table(matched, truth)
                                                         : rate_table(options, matched, invocation.common.seed);
  print_table(table, invocation);
  log::info("{} people, {}-centric, {} of {}", matched.row.size(), truth.side, options.metric, options.part);
  if (requirement) {
    const auto names = table.columns;
    const std::string wanted = options.require.substr(0, options.require.find_first_of("<>"));
    if (std::none_of(names.begin(), names.end(), [&](const eval::Column& column) { return column.name == wanted; }))
      fail(ErrorKind::kUsage, "--require: {} does not report {}", options.metric, wanted);
    if (!requirement->holds(table)) throw Error(ErrorKind::kNegative, fmt::format("{} does not hold", options.require));
  }
  return 0;
}

}  // namespace fovea::pose
