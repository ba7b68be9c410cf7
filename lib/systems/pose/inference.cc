#include "systems/pose/inference.h"

#include "autograd/var.h"
#include "base/error.h"

namespace fovea::pose {
namespace {

DrawnAugmentation mirror(int64_t width) {
  DrawnAugmentation out;
  out.flip = true;
  out.map = {-1, 0, static_cast<double>(width - 1), 0, 1, 0};
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

PersonMaps run(PoseModel& model, const PersonBatch& batch) {
  PersonMaps out;
  out.detector = model.detect(Var(batch.input), nn::PassContext::inference()).value();
  out.torso = batch.torso;
  return out;
}

void add_spatial(const PoseModel& model, PersonMaps& maps) {
  if (model.spatial) maps.spatial = model.refine(Var(maps.detector), Var(maps.torso)).value();
}

}  // namespace

PersonMaps infer(PoseModel& model, const PersonSampler& sampler, const std::vector<const Person*>& people,
                 bool test_flip) {
  const NoGrad no_grad;
  PersonMaps maps = run(model, sampler.batch(people, nullptr, true));
  if (test_flip) {
    const std::vector<DrawnAugmentation> mirrors(people.size(), mirror(sampler.width()));
    const PersonMaps other = run(model, sampler.batch(people, &mirrors, true));
    average_with_mirrored(maps.detector, other.detector, model.settings.joints.mirrored());
  }
  add_spatial(model, maps);
  return maps;
}

PersonMaps infer_mirrored(PoseModel& model, const PersonSampler& sampler, const std::vector<const Person*>& people) {
  const NoGrad no_grad;
  const std::vector<DrawnAugmentation> mirrors(people.size(), mirror(sampler.width()));
  PersonMaps maps = run(model, sampler.batch(people, &mirrors, true));
  add_spatial(model, maps);
  return maps;
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
