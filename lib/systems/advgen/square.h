// The Square attack: random search with squares of +-epsilon, no gradients (Andriushchenko et al. 2020, algorithm 1).
#pragma once

#include "systems/advgen/attack.h"

namespace fovea::advgen {

// config.steps queries for each image, config.loss (a margin) decides. Linf only: Error(kUsage) otherwise.
AttackResult square_attack(const Victim& victim, const AttackBatch& batch, const AttackConfig& config);

// Share of the picture that a square covers at `query` of `budget`: 0.8, halved at fixed points of 10 000 queries.
double square_share(int64_t query, int64_t budget);

}  // namespace fovea::advgen
