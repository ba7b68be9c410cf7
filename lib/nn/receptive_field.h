// Which pixels of the input a position of a layer's map can see, from the text of the network alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "nn/net_text.h"

namespace fovea::nn {

// Along one axis: position i sees the pixels low + i * stride .. high + i * stride, both included. They may lie in the
// padding, outside the input.
struct AxisField {
  int64_t low = 0, high = 0, stride = 1;
  int64_t size() const { return high - low + 1; }
  bool operator==(const AxisField&) const = default;
};

struct ReceptiveField {
  AxisField y, x;
  bool operator==(const ReceptiveField&) const = default;
};

// nullopt for a layer without a map of positions (dense, global_avg_pool, flatten), whose positions see windows that
// differ in size (deconv) or do not move evenly (upsample), or that sees all of its map (lcn); and for what stands on
// them. What reflect_pad mirrors counts as padding. Layers that join several see what any of them sees. Normalisation
// across channels does not widen the field. Throws Error(kData) for keys that no network could be built with, and for a
// stride beyond 2^30; Error(kUsage) for an unknown layer.
std::optional<ReceptiveField> receptive_field(const NetText& net, const std::string& layer);

}  // namespace fovea::nn
