#include "systems/pose/inference.h"

#include <algorithm>
#include <optional>

#include "autograd/var.h"
#include "base/error.h"

namespace fovea::pose {
namespace {

// The input enlarged around its centre, and perhaps mirrored.
DrawnAugmentation view_at(const PersonSampler& sampler, double scale, bool flip) {
  const double cx = static_cast<double>(sampler.width() - 1) / 2, cy = static_cast<double>(sampler.height() - 1) / 2;
  const double across = flip ? -1 / scale : 1 / scale;
  DrawnAugmentation out;
  out.flip = flip;
  out.map = {across, 0, cx - across * cx, 0, 1 / scale, cy - cy / scale};
  return out;
}

// maps = (maps + mirrored, mirrored back) / 2; cell w - 1 - x, and the partner's channel.
void average_with_mirrored(Tensor& maps, const Tensor& mirrored, const std::vector<int32_t>& partner) {
  const int64_t rows = maps.extent(0) * maps.extent(1), w = maps.extent(2), joints = maps.extent(3);
  float* to = maps.data<float>();
  const float* from = mirrored.data<float>();
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t x = 0; x < w; ++x) {
      for (int64_t k = 0; k < joints; ++k) {
        float& value = to[(row * w + x) * joints + k];
        value = (value + from[(row * w + w - 1 - x) * joints + partner[static_cast<size_t>(k)]]) / 2;
      }
    }
  }
}

Tensor detect(PoseModel& model, const PersonBatch& batch) {
  return model.detect(Var(batch.input), nn::PassContext::inference()).value();
}

PersonBatch batch_at(const PersonSampler& sampler, const std::vector<const Person*>& people, double scale, bool flip) {
  if (scale == 1 && !flip) return sampler.batch(people, nullptr, true);
  const std::vector<DrawnAugmentation> views(people.size(), view_at(sampler, scale, flip));
  return sampler.batch(people, &views, true);
}

PersonMaps infer_at(PoseModel& model, const PersonSampler& sampler, const std::vector<const Person*>& people,
                    double scale, bool mirrored, bool average) {
  const PersonBatch batch = batch_at(sampler, people, scale, mirrored);
  PersonMaps maps{detect(model, batch), {}, batch.torso};
  if (average) {
    const Tensor other = detect(model, batch_at(sampler, people, scale, true));
    average_with_mirrored(maps.detector, other, model.settings.joints.mirrored());
  }
  if (model.spatial) maps.spatial = model.refine(Var(maps.detector), Var(maps.torso)).value();
  return maps;
}

// Sums maps of several scales at the cells of scale 1.
class ScaleMean {
 public:
  explicit ScaleMean(const Shape& shape)
      : sum_(Tensor::zeros(shape)), seen_(static_cast<size_t>(shape[1] * shape[2]), 0) {}

  // `to_maps`: from a cell at scale 1 to the cell of `maps`. Bilinear; cells that `maps` does not cover get nothing.
  void add(const Tensor& maps, const Affine& to_maps) {
    const int64_t h = maps.extent(1), w = maps.extent(2);
    for (int64_t cell = 0; cell < h * w; ++cell) {
      const int64_t row = cell / w, column = cell % w;
      const auto [x, y] = to_maps(static_cast<double>(column), static_cast<double>(row));
      if (x < 0 || y < 0 || x > static_cast<double>(w - 1) || y > static_cast<double>(h - 1)) continue;
      ++seen_[static_cast<size_t>(cell)];
      const auto left = static_cast<int64_t>(x), top = static_cast<int64_t>(y);
      const double along = x - static_cast<double>(left), down = y - static_cast<double>(top);
      add_cell(maps, top * w + left, (1 - along) * (1 - down), cell);
      add_cell(maps, top * w + left + 1, along * (1 - down), cell);
      add_cell(maps, (top + 1) * w + left, (1 - along) * down, cell);
      add_cell(maps, (top + 1) * w + left + 1, along * down, cell);
    }
  }

  Tensor mean() {
    const int64_t cells = static_cast<int64_t>(seen_.size()), joints = sum_.extent(3);
    float* values = sum_.data<float>();
    for (int64_t i = 0; i < sum_.count(); ++i)
      values[i] /= static_cast<float>(std::max<int64_t>(1, seen_[static_cast<size_t>(i / joints % cells)]));
    return sum_;
  }

 private:
  // Cells count in row-major order. A neighbour with no share may lie outside.
  void add_cell(const Tensor& maps, int64_t from, double share, int64_t to) {
    const auto weight = static_cast<float>(share);
    if (weight == 0) return;
    const int64_t people = maps.extent(0), cells = maps.extent(1) * maps.extent(2), joints = maps.extent(3);
    for (int64_t n = 0; n < people; ++n) {
      const float* values = maps.data<float>() + (n * cells + from) * joints;
      float* sums = sum_.data<float>() + (n * cells + to) * joints;
      for (int64_t k = 0; k < joints; ++k) sums[k] += weight * values[k];
    }
  }

  Tensor sum_;
  std::vector<int64_t> seen_;
};

PersonMaps infer_views(PoseModel& model, const PersonSampler& sampler, const std::vector<const Person*>& people,
                       const TestViews& views, bool mirrored) {
  FOVEA_CHECK(!views.scales.empty(), "no scale to look at");
  const NoGrad no_grad;
  const bool average = views.flip && !mirrored;
  if (views.scales.size() == 1 && views.scales[0] == 1) return infer_at(model, sampler, people, 1, mirrored, average);
  std::optional<ScaleMean> detector, spatial;
  for (const double scale : views.scales) {
    const PersonMaps maps = infer_at(model, sampler, people, scale, mirrored, average);
    const Affine to_view = view_at(sampler, scale, false).map.inverse();
    const Affine to_maps = cells_to_pixels().inverse().after(to_view.after(cells_to_pixels()));
    const auto add = [&](std::optional<ScaleMean>& mean, const Tensor& of) {
      if (!of.defined()) return;
      if (!mean) mean.emplace(of.shape());
      mean->add(of, to_maps);
    };
    add(detector, maps.detector);
    add(spatial, maps.spatial);
  }
  PersonMaps out{detector->mean(), {}, sampler.batch(people, nullptr, false).torso};
  if (spatial) out.spatial = spatial->mean();
  return out;
}

}  // namespace

PersonMaps infer(PoseModel& model, const PersonSampler& sampler, const std::vector<const Person*>& people,
                 const TestViews& views) {
  return infer_views(model, sampler, people, views, false);
}

PersonMaps infer_mirrored(PoseModel& model, const PersonSampler& sampler, const std::vector<const Person*>& people,
                          const TestViews& views) {
  return infer_views(model, sampler, people, views, true);
}

std::vector<std::pair<int32_t, std::string>> one_sided_joints(const data::JointSet& joints) {
  std::vector<std::pair<int32_t, std::string>> out;
  for (int32_t k = 0; k < joints.count(); ++k) {
    const std::string other = data::other_side(joints.joints[static_cast<size_t>(k)]);
    if (other != joints.joints[static_cast<size_t>(k)] && joints.find(other) < 0) out.emplace_back(k, other);
  }
  return out;
}

Peak peak_of(const Tensor& maps, int64_t person, int64_t joint, Refine refine) {
  const int64_t h = maps.extent(1), w = maps.extent(2), joints = maps.extent(3);
  return find_peak(maps.data<float>() + person * h * w * joints + joint, h, w, joints, refine);
}

Affine cells_to_picture(const PersonSampler& sampler, const Person& person) {
  return sampler.frame(person).after(cells_to_pixels());
}

}  // namespace fovea::pose
