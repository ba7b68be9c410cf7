#include "systems/advgen/report_images.h"

#include "base/error.h"

namespace fovea::advgen {

ReportImages::ReportImages(const data::ImageSource& source, const data::Preprocess& preprocess, int64_t batch)
    : source_(source), preprocess_(preprocess), batch_(batch) {
  for (int64_t i = 0; i < source.size(); ++i) {
    if (source.label(i) < 0) {
      fail_data(fmt::format("{}: label[{}]", source.name(), i), "a class: attacks need labels", "-1, unknown");
    }
  }
}

AttackBatch ReportImages::load(const std::vector<int64_t>& items) const {
  return load_attack_batch(source_, items, preprocess_);
}

void ReportImages::each(const std::vector<uint8_t>& wanted,
                        const std::function<void(const std::vector<int64_t>&, const AttackBatch&)>& visit) const {
  std::vector<int64_t> items;
  const auto flush = [&] {
    if (!items.empty()) visit(items, load(items));
    items.clear();
  };
  for (int64_t item = 0; item < size(); ++item) {
    if (!wanted.empty() && wanted[static_cast<size_t>(item)] == 0) continue;
    items.push_back(item);
    if (static_cast<int64_t>(items.size()) == batch_) flush();
  }
  flush();
}

}  // namespace fovea::advgen
