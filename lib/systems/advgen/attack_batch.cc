#include "systems/advgen/attack_batch.h"

#include <numeric>

namespace fovea::advgen {
namespace {

data::Preprocess pixel_preprocess(const data::Preprocess& preprocess) {
  data::Preprocess out = preprocess;
  out.mean = {0};
  out.stddev = {255};
  out.bgr = false;
  out.threshold = -1;
  return out;
}

}  // namespace

AttackBatch load_attack_batch(const data::ImageSource& source, std::vector<int64_t> items,
                              const data::Preprocess& preprocess, const data::AugmentConfig& augment,
                              const data::SampleKey& key) {
  const data::Preprocess pixels = pixel_preprocess(preprocess);
  AttackBatch batch;
  batch.x = Tensor::empty({static_cast<int64_t>(items.size()), pixels.height, pixels.width, pixels.channels});
  data::load_batch(source, items, pixels, augment, key, batch.x.data<float>());
  for (const int64_t item : items) batch.labels.push_back(source.label(item));
  batch.keys = std::move(items);
  return batch;
}

AttackBatch load_attack_batch(const data::ImageSource& source, int64_t begin, int64_t end,
                              const data::Preprocess& preprocess) {
  std::vector<int64_t> items(static_cast<size_t>(end - begin));
  std::iota(items.begin(), items.end(), begin);
  return load_attack_batch(source, std::move(items), preprocess);
}

}  // namespace fovea::advgen
