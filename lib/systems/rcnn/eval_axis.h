// The vertical axis of the drawings of the eval commands.
#pragma once

#include <string>
#include <utility>

#include "eval/figure.h"

namespace fovea::rcnn {

// Shares from 0 to 1, the same in all panels, with room for the width of a line at 1.
inline eval::Axis share_axis(std::string label, double high = 1.03) {
  eval::Axis axis;
  axis.label = std::move(label);
  axis.low = 0;
  axis.high = high;
  return axis;
}
inline constexpr double kBarsHigh = 1.1;  // with room for the number over a bar

}  // namespace fovea::rcnn
