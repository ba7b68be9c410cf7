// The pictures of a report as attacks read them: batches of [0,1] pixels, loaded when they are asked for.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "data/dataset.h"
#include "systems/advgen/attack.h"

namespace fovea::advgen {

class ReportImages {
 public:
  // `source` must outlive it. The pictures are cut to the size of this network's input; `batch` at a time.
  ReportImages(const data::ImageSource& source, const data::Preprocess& preprocess, int64_t batch);

  int64_t size() const { return source_.size(); }
  const data::Preprocess& preprocess() const { return preprocess_; }
  // Keys are the places in the source: an attack on an image is the same whatever else is attacked.
  AttackBatch load(const std::vector<int64_t>& items) const;

  // The items for which wanted[i], or all for an empty `wanted`, in batches.
  void each(const std::vector<uint8_t>& wanted,
            const std::function<void(const std::vector<int64_t>& items, const AttackBatch& batch)>& visit) const;

 private:
  const data::ImageSource& source_;
  data::Preprocess preprocess_;
  int64_t batch_;
};

}  // namespace fovea::advgen
