#include "systems/pose/spatial_start.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/parallel.h"
#include "eval/classification.h"
#include "tensor/kernels/reference_spatial.h"

namespace fovea::pose {
namespace {

// Messages at the truth are scaled so that this percentile of them is 1. [ours] Their geometric mean would be dragged
// down by joints that the detector missed, and products of messages would then start far above 1.
constexpr double kGoodMessages = 80;

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// Cells of a person's joints and torso.
std::vector<double> cells_of(const PersonSampler& sampler, const Person& person, const std::vector<float>& xy,
                             bool torso) {
  const Affine to_cells = cells_to_pixels().inverse().after(sampler.frame(person).inverse());
  std::vector<double> out;
  for (size_t i = 0; i + 1 < xy.size(); i += 2) {
    const auto cell = to_cells(static_cast<double>(xy[i]), static_cast<double>(xy[i + 1]));
    const bool known = std::isfinite(xy[i]);
    out.push_back(known ? cell[0] : kUnknown);
    out.push_back(known ? cell[1] : kUnknown);
  }
  if (torso) {
    const Box box = person.torso.value_or(Box{});
    const auto cell = to_cells((static_cast<double>(box.x1) + box.x2) / 2, (static_cast<double>(box.y1) + box.y2) / 2);
    out.push_back(person.torso ? cell[0] : kUnknown);
    out.push_back(person.torso ? cell[1] : kUnknown);
  }
  return out;
}

void append_copy(const std::vector<double>& cells, double scale, bool mirror, int64_t height, int64_t width,
                 std::vector<double>& out) {
  const double cx = (static_cast<double>(width) - 1) / 2, cy = (static_cast<double>(height) - 1) / 2;
  for (size_t i = 0; i + 1 < cells.size(); i += 2) {
    out.push_back(cx + (mirror ? -scale : scale) * (cells[i] - cx));
    out.push_back(cy + scale * (cells[i + 1] - cy));
  }
}

}  // namespace

int64_t start_from_displacements(PoseModel& model, const PersonSampler& sampler, const std::vector<Person>& people,
                                 const SpatialStart& start) {
  const SpatialSettings& settings = model.spatial->settings();
  DisplacementConfig config;
  config.radius = settings.radius;
  config.height = model.map_height();
  config.width = model.map_width();
  config.beta = settings.beta;
  config.sigma = model.settings.sigma;
  PartPositions positions;
  positions.parts = model.spatial->parts();
  for (const Person& person : people) {
    const auto plain = cells_of(sampler, person, person.joints, settings.torso);
    const auto mirrored = cells_of(sampler, person, person.mirrored_joints, settings.torso);
    for (const double scale : {0.5, 0.75, 1.0, 1.25, 1.5}) {
      if (scale != 1 && (scale < start.scale_low || scale > start.scale_high)) continue;
      append_copy(plain, scale, false, config.height, config.width, positions.xy);
      if (start.flips) append_copy(mirrored, scale, true, config.height, config.width, positions.xy);
    }
  }
  const DisplacementPriors priors = displacement_priors(positions, model.spatial->outputs(), config);
  model.spatial->set_priors(priors, start.backgrounds);
  int64_t dropped = 0;
  for (const int64_t count : priors.dropped) dropped += count;
  return dropped;
}

namespace {

// sum_d P[d] q(x - d) at one cell: what the message brings to it.
double message_at(const SpatialPart& part, const std::vector<double>& kernel, const float* map, int64_t step,
                  int64_t height, int64_t width, int64_t y, int64_t x) {
  const int64_t r = part.settings().radius, size = 2 * r + 1;
  double sum = 0;
  for (int64_t yy = std::max<int64_t>(0, y - r); yy <= std::min(height - 1, y + r); ++yy) {
    for (int64_t xx = std::max<int64_t>(0, x - r); xx <= std::min(width - 1, x + r); ++xx) {
      const double evidence = std::max(static_cast<double>(map[(yy * width + xx) * step]), part.settings().eps);
      sum += kernel[static_cast<size_t>((y - yy + r) * size + x - xx + r)] * evidence;
    }
  }
  return sum;
}

}  // namespace

void calibrate_on_maps(PoseModel& model, const PersonSampler& sampler, const std::vector<Person>& people,
                       const std::function<Tensor(int64_t person)>& maps_of) {
  SpatialPart& part = *model.spatial;
  const int64_t joints = model.joints(), parts = part.parts(), h = model.map_height(), w = model.map_width();
  const int64_t cells = (2 * part.settings().radius + 1) * (2 * part.settings().radius + 1);
  float* energies = part.kernel().var.mutable_value().data<float>();
  std::vector<std::vector<double>> kernels(static_cast<size_t>(joints * parts));
  for (size_t pair = 0; pair < kernels.size(); ++pair) {
    for (int64_t i = 0; i < cells; ++i)
      kernels[pair].push_back(kernels::reference::softplus(
          static_cast<double>(energies[static_cast<int64_t>(pair) * cells + i]), part.settings().beta));
  }
  std::vector<std::vector<double>> logs(kernels.size());
  for (size_t p = 0; p < people.size(); ++p) {
    const Tensor maps = maps_of(static_cast<int64_t>(p));
    const Tensor torso = sampler.batch({&people[p]}, nullptr, false).torso;
    const auto truth = cells_of(sampler, people[p], people[p].joints, false);
    parallel_tasks(joints * parts, [&](int64_t pair) {
      const int64_t a = pair / parts, v = pair % parts;
      const double x = truth[static_cast<size_t>(2 * a)], y = truth[static_cast<size_t>(2 * a + 1)];
      if (!std::isfinite(x) || x < 0 || y < 0 || x > static_cast<double>(w - 1) || y > static_cast<double>(h - 1))
        return;
      if (v < joints && !std::isfinite(truth[static_cast<size_t>(2 * v)])) return;
      const float* map = v < joints ? maps.data<float>() + v : torso.data<float>();
      const double m = message_at(part, kernels[static_cast<size_t>(pair)], map, v < joints ? joints : 1, h, w,
                                  std::lround(y), std::lround(x));
      logs[static_cast<size_t>(pair)].push_back(std::log(std::max(m, 1e-9)));
    });
  }
  for (size_t pair = 0; pair < kernels.size(); ++pair) {
    if (logs[pair].empty()) continue;
    const auto at = static_cast<int64_t>(pair);
    const double room = 1 - part.background(at / parts, at % parts);
    const double factor = room * std::exp(-eval::percentile(logs[pair], kGoodMessages));
    for (int64_t i = 0; i < cells; ++i)
      energies[at * cells + i] =
          static_cast<float>(inverse_softplus(factor * kernels[pair][static_cast<size_t>(i)], part.settings().beta));
  }
  if (part.settings().mirror_tie) part.tie_values();
}

}  // namespace fovea::pose
