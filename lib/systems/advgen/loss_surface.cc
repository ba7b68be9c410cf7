#include "systems/advgen/loss_surface.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "systems/advgen/epsilon.h"

namespace fovea::advgen {
namespace {

constexpr int64_t kSide = LossSurface::kSide;
constexpr uint64_t kDirectionStream = 1;  // of RngPurpose::kAttack's epochs; restarts of attacks are 0, 1, ...
constexpr uint64_t kDirectionItems = uint64_t{1} << 40;

void normalise(std::vector<double>& direction, ops::Norm norm) {
  if (norm == ops::Norm::kLinf) {
    for (double& value : direction) value = static_cast<double>((value > 0) - (value < 0));
    return;
  }
  const double length = std::sqrt(std::inner_product(direction.begin(), direction.end(), direction.begin(), 0.0));
  for (double& value : direction) value = length > 0 ? value / length : 0;
}

std::vector<double> random_direction(int64_t size, uint64_t seed, int64_t item, ops::Norm norm) {
  Rng rng(seed, RngPurpose::kAttack, kDirectionStream, kDirectionItems + static_cast<uint64_t>(item));
  std::vector<double> out = gaussian_direction(size, rng).values;
  normalise(out, norm);
  return out;
}

// -radius .. radius
double place(int64_t step, double radius) {
  return radius * (2 * static_cast<double>(step) / static_cast<double>(kSide - 1) - 1);
}

}  // namespace

std::vector<LossSurface> loss_surfaces(const Victim& victim, const ReportImages& images, ops::Norm norm, double radius,
                                       int64_t count, uint64_t seed) {
  std::vector<LossSurface> out;
  for (int64_t item = 0; item < std::min(count, images.size()); ++item) {
    const AttackBatch one = images.load({item});
    const Tensor dx = victim.gradient(one.x, one.labels, ops::LogitLoss::kCrossEntropy).dx;
    std::vector<double> along(dx.span<float>().begin(), dx.span<float>().end());
    normalise(along, norm);
    const std::vector<double> across = random_direction(dx.count(), seed, item, norm);
    LossSurface surface{item, one.labels[0], radius, {}};
    Tensor row = Tensor::empty({kSide, one.x.extent(1), one.x.extent(2), one.x.extent(3)});
    const std::vector<int32_t> labels(static_cast<size_t>(kSide), one.labels[0]);
    for (int64_t down = 0; down < kSide; ++down) {
      float* to = row.data<float>();
      for (int64_t step = 0; step < kSide; ++step) {
        for (size_t i = 0; i < along.size(); ++i) {
          const double moved = static_cast<double>(one.x.data<float>()[i]) + place(step, radius) * along[i] +
                               place(down, radius) * across[i];
          *to++ = static_cast<float>(std::clamp(moved, 0.0, 1.0));
        }
      }
      const Tensor losses = victim.gradient(row, labels, ops::LogitLoss::kCrossEntropy).losses;
      for (int64_t step = 0; step < kSide; ++step) surface.loss.push_back(losses.at(step));
    }
    out.push_back(std::move(surface));
  }
  return out;
}

eval::Panel surface_panel(const std::string& model, const LossSurface& surface, ops::Norm norm) {
  eval::Panel panel;
  panel.title = fmt::format("{}: image {}, class {}", model, surface.item, surface.label);
  panel.x.label = fmt::format("along the gradient, up to {} {}", norm == ops::Norm::kLinf ? "Linf" : "L2",
                              epsilon_text(surface.radius));
  panel.y.label = "random direction";
  eval::HeatMap map;
  map.rows = map.columns = kSide;
  map.values = surface.loss;
  map.show_values = false;
  panel.heat_map = std::move(map);
  return panel;
}

}  // namespace fovea::advgen
