// The verbs of bn-train.
#pragma once

#include "cli/program.h"
#include "systems/bn/options.h"

namespace fovea::bn {

int train(const TrainOptions& options, const cli::Invocation& invocation);
int evaluate(const EvalOptions& options, const cli::Invocation& invocation);
int predict(const PredictOptions& options, const cli::Invocation& invocation);
int recalibrate(const RecalibrateOptions& options, const cli::Invocation& invocation);
int fold(const FoldOptions& options, const cli::Invocation& invocation);
int import_weights(const ImportOptions& options, const cli::Invocation& invocation);
int convert(const ConvertOptions& options, const cli::Invocation& invocation);
int show(const ShowOptions& options, const cli::Invocation& invocation);

}  // namespace fovea::bn
