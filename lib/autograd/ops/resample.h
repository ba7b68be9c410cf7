// Maps at another resolution.
#pragma once

#include "autograd/var.h"

namespace fovea::ops {

// Every cell becomes factor x factor cells. [N,H,W,C] -> [N,H f,W f,C]. Unbiased where windows of the coarse map are
// centred on their cells: Tompson et al. 2014, figure 4 ("point-wise upscale").
Var upsample(const Var& x, int64_t factor);

}  // namespace fovea::ops
