// What the conversions share. Internal to convert*.cc.
#pragma once

#include "systems/caption/convert.h"

namespace fovea::caption {

int import_captions(const ConvertOptions& options, const cli::Invocation& invocation);
int import_scenes(const ConvertOptions& options, const cli::Invocation& invocation);
int import_results(const ConvertOptions& options, const cli::Invocation& invocation);
int export_set(const ConvertOptions& options, const cli::Invocation& invocation);        // of fovea.images
int export_generated(const ConvertOptions& options, const cli::Invocation& invocation);  // of fovea.captions

}  // namespace fovea::caption
