// pose-estimate train: the three stages of Tompson et al. 2014.
#pragma once

#include <cstdint>
#include <string>

#include "cli/program.h"

namespace fovea::pose {

struct TrainOptions {
  std::string stage = "detector", data, images, init, heat_maps, output, metrics;
  std::string split = "train", validation;
  // The detector; stages after the first take it from --init.
  std::string joints, input = "flic", merge = "relu-sum", coarse = "replicate", head = "1x1", lcn_floor = "mean";
  std::string dropout_kind = "map", torso = "auto", crop = "frame";
  int64_t banks = 2;
  double channel_share = 0.25, dropout = 0.5, sigma = 1.5, margin = 1.25;
  bool batch_norm = false;
  // The spatial model
  std::string edges = "all", conv = "auto", calibrate = "detector";
  int64_t radius = 0;
  double beta = 1, eps = 1e-3, background = 0.5, torso_background = 0.1, own_background = 0.01;
  double auxiliary = 0, spatial_rate = 10;
  bool mirror_tie = false;
  // Training
  std::string optimizer, schedule, loss = "mse", spatial_loss = "ce";
  int64_t steps = 10000, batch = 16, report_every = 500;
  double learning_rate = 1e-3, momentum = 0.9, weight_decay = 1e-4, clip_norm = 10, foreground = 1;
  // Augmentation
  double rotation = 20, scale_low = 0.5, scale_high = 1.5, flip = 0.5, shift = 0, contrast = 0;
};
void declare_train(cli::OptionTable& table, TrainOptions& options);
int train(const TrainOptions& options, const cli::Invocation& invocation);

}  // namespace fovea::pose
