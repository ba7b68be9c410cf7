// What exact resumption needs of an optimiser, in and out of a checkpoint.
#pragma once

#include <string>

#include "io/checkpoint_file.h"
#include "nn/network.h"
#include "nn/optimizer.h"

namespace fovea::train {

void store_optimizer(const nn::Optimizer& optimizer, double learning_rate, const std::string& schedule,
                     io::CheckpointData& data);
// Throws Error(kData) for another kind of optimiser, and for missing or misshapen slots.
void restore_optimizer(nn::Optimizer& optimizer, const io::CheckpointData& data, const std::string& origin);

// The slots alone, under layers called `prefix` + layer: the second optimiser of a file ("generator/").
void store_slots(const nn::Optimizer& optimizer, const std::string& prefix, io::CheckpointData& data);
void restore_slots(nn::Optimizer& optimizer, const std::string& prefix, const io::CheckpointData& data,
                   const std::string& origin);

bool parameters_are_finite(nn::Network& network);

}  // namespace fovea::train
