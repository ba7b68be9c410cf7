// bn-train convert --from scenes: generated pictures, and their label maps for region segmentation.
#pragma once

#include "cli/program.h"
#include "systems/bn/options.h"

namespace fovea::bn {

// Throws Error(kUsage) for label maps of a kind without objects, Error(kCannotCreate) if their folder is missing.
int convert_scenes(const ConvertOptions& options, const cli::Invocation& invocation);

}  // namespace fovea::bn
