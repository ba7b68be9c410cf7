// The verbs of advgen-train that make files; those that report are in evaluate.h, compare.h and show.h.
#pragma once

#include "cli/program.h"
#include "systems/advgen/attack_options.h"
#include "systems/advgen/generate_options.h"
#include "systems/advgen/train_options.h"

namespace fovea::advgen {

int train(const TrainOptions& options, const cli::Invocation& invocation);
int generate(const GenerateOptions& options, const cli::Invocation& invocation);
int attack(const AttackOptions& options, const cli::Invocation& invocation);

}  // namespace fovea::advgen
