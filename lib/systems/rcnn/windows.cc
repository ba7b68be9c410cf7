#include "systems/rcnn/windows.h"

#include "base/error.h"
#include "base/rng.h"

namespace fovea::rcnn {

WindowPool collect_windows(const data::ImageSource& source, const io::ProposalsReader& proposals, const Truth& truth,
                           double overlap, bool skip_difficult) {
  WindowPool pool;
  for (int64_t item = 0; item < source.size(); ++item) {
    const int64_t at = proposals.find(source.id(item));
    if (at < 0) fail_data(proposals.path() + ": image_id", "'" + source.id(item) + "'", "no such image");
    const auto& objects = truth.of(source.id(item));
    std::vector<Box> boxes;
    for (const TrueObject& object : objects) {
      if (!skip_difficult || !object.difficult) boxes.push_back(object.box);
    }
    const io::ImageProposals found = proposals.read(at);
    boxes.insert(boxes.end(), found.boxes.begin(), found.boxes.end());
    for (const Box& box : boxes) {
      Window window{static_cast<int32_t>(item), 0, box};
      double best = 0;
      for (const TrueObject& object : objects) {
        if (skip_difficult && object.difficult) continue;
        const double value = iou(box, object.box);
        if (value > best) {
          best = value;
          window.label = object.class_index + 1;
        }
      }
      if (best < overlap) window.label = 0;
      (window.label > 0 ? pool.positives : pool.backgrounds).push_back(window);
    }
  }
  if (pool.positives.empty()) fail_data(proposals.path(), "regions that overlap an object", "none");
  if (pool.backgrounds.empty()) fail_data(proposals.path(), "regions of background", "none");
  return pool;
}

std::vector<WindowDraw> draw_windows(const WindowPool& pool, int64_t positives, int64_t backgrounds, uint64_t seed,
                                     int64_t step) {
  Rng rng(seed, RngPurpose::kWindows, static_cast<uint64_t>(step));
  std::vector<WindowDraw> draws;
  const auto draw = [&](const std::vector<Window>& from, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      const Window& window = from[rng.below(static_cast<uint32_t>(from.size()))];
      draws.push_back({window, rng.below(2) == 1});
    }
  };
  draw(pool.backgrounds, backgrounds);
  draw(pool.positives, positives);
  return draws;
}

}  // namespace fovea::rcnn
