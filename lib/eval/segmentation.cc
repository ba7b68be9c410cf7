#include "eval/segmentation.h"

#include <array>
#include <vector>

#include "base/error.h"
#include "eval/detection.h"

namespace fovea::eval {

SegmentationScore::SegmentationScore(int64_t classes) : confusion_(classes) {
  FOVEA_CHECK(classes >= 1 && classes <= kVoidLabel, "{} classes in maps of bytes", classes);
}

void SegmentationScore::add(std::span<const uint8_t> truth, std::span<const uint8_t> prediction,
                            const std::string& place) {
  if (truth.size() != prediction.size()) {
    fail_data(place + ": predicted labels", fmt::format("{} pixels", truth.size()), std::to_string(prediction.size()));
  }
  std::vector<int64_t> counts(256 * 256, 0);
  for (size_t i = 0; i < truth.size(); ++i) ++counts[truth[i] * size_t{256} + prediction[i]];
  const int64_t classes = confusion_.classes();
  const auto check = [&](int64_t label, const char* side, bool may_be_void) {
    if (label < classes || (may_be_void && label == kVoidLabel)) return;
    fail_data(fmt::format("{}: {} labels", place, side), fmt::format("0..{}", classes - 1), std::to_string(label));
  };
  for (int64_t pair = 0; pair < 256 * 256; ++pair) {  // all are checked before any is counted
    if (counts[static_cast<size_t>(pair)] == 0) continue;
    check(pair / 256, "true", true);
    check(pair % 256, "predicted", false);
  }
  for (int64_t pair = 0; pair < 256 * 256; ++pair) {
    const int64_t count = counts[static_cast<size_t>(pair)];
    if (count == 0) continue;
    if (pair / 256 == kVoidLabel)
      void_ += count;
    else
      confusion_.add(pair / 256, pair % 256, count);
  }
}

std::optional<double> SegmentationScore::iou(int64_t k) const {
  const int64_t common = confusion_.at(k, k);
  const int64_t either = confusion_.support(k) + confusion_.predicted(k) - common;
  if (either == 0) return std::nullopt;
  return static_cast<double>(common) / static_cast<double>(either);
}

std::optional<double> SegmentationScore::mean_iou() const {
  std::vector<std::optional<double>> values;
  for (int64_t k = 0; k < confusion_.classes(); ++k) values.push_back(iou(k));
  return mean_of_present(values);
}

}  // namespace fovea::eval
