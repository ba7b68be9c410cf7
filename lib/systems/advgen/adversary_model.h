// What the files of advgen-train say: a classifier, how it was hardened, and the generator that it was trained against
// or that was trained against it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "systems/advgen/generator.h"
#include "train/model.h"

namespace fovea::advgen {

// Absent for checkpoints of other tools.
struct Adversary {
  std::string method;  // plain, dropout, noise, fgsm, fgm-l2, fast, pgd, gat, gat-bound, l2l; image, universal
  std::string norm;    // threat model of the training: "linf", "l2", or "" where nothing bounds the perturbation
  double epsilon = 0;
  uint64_t seed = 0;
  int64_t target = -1;  // class that a generator aims at
};

struct AdversaryModel {
  train::Model model;
  std::optional<Adversary> adversary;
  std::optional<Generator> generator;
};

// Any classifier checkpoint. Throws Error(kData) for a damaged adversary part.
AdversaryModel load_adversary_model(const std::string& path);

// The adversary part of a checkpoint; `generator` may be null.
void store_adversary(const Adversary& adversary, const Generator* generator, io::CheckpointData& data);
// The generator's arrays back into a generator of the same text. Throws Error(kData).
void restore_generator(Generator& generator, const io::CheckpointData& data, const std::string& origin);

}  // namespace fovea::advgen
