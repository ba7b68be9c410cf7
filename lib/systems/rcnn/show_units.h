// rcnn-detect show --what units: the regions that excite single units of a network most.
//   Girshick et al. 2014, section 3.1 and appendix D; spec rcnn.md section 11
#pragma once

#include "systems/rcnn/show.h"

namespace fovea::rcnn {

int show_units(const DetectShowOptions& options, const cli::Invocation& invocation);

}  // namespace fovea::rcnn
