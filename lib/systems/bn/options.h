// What the verbs of bn-train can be told: one struct per verb, one declaration per option (options_*.cc).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/option.h"
#include "systems/image_sources.h"

namespace fovea::bn {

// Which network, and what is changed in it (nn/rewrite.h).
struct NetworkOptions {
  std::string net;                 // NAME of share/models or a path
  std::string batch_norm = "net";  // net | before | after | none
  std::string activation = "net";  // net | relu | sigmoid | tanh
  std::string initializer;         // he | xavier | uniform | gaussian:STD
  bool keep_bias = false;
  int64_t per_activation = 0;
  std::optional<double> dropout;
  std::string lrn = "net";  // net | on | off
  std::string input;        // HxWxC
  std::optional<double> bn_eps, bn_momentum;
};

struct AugmentOptions {
  bool flip = false, random_crop = false, random_resized_crop = false;
  int64_t pad = 0;
  double photometric_scale = 0;
  std::string shuffle = "full";
};

struct RecipeOptions {
  std::string preset = "none";
  std::string optimizer = "sgd";
  double learning_rate = 0.1, lr_mult = 1;
  double momentum = 0, weight_decay = 0, l2_scale = 1;
  double beta1 = 0.9, beta2 = 0.999, rho = 0.99, epsilon = 1e-8, clip_norm = 0, label_smoothing = 0;
  std::string schedule = "constant";
  double decay_speed = 1;
  int64_t warmup = 0;
  int64_t batch = 60, steps = 0;
  double epochs = 10;
};

struct TrainOptions {
  NetworkOptions network;
  DataOptions data;
  AugmentOptions augment;
  RecipeOptions recipe;
  std::string bn_mode = "proper";       // proper | naive
  std::string bn_stats = "population";  // population | moving
  int64_t population_batches = 0;
  bool freeze_bn = false, sync_statistics = false;
  std::string init;  // checkpoint: weights only
  std::string output;
  bool save_best = false;
  int64_t patience = 0;
  std::string metrics;
  int64_t eval_every = 1000;
  std::vector<int64_t> eval_at;
  std::vector<std::string> percentiles;  // layers whose input distribution is recorded
};

struct EvalOptions {
  std::vector<std::string> models;
  DataOptions data;
  std::string crops = "center";
  int64_t resize_side = 0, batch = 100;
  std::string precision = "f32";
  std::string require;
  std::string confusion;  // picture file
  bool per_class = false;
};

struct PredictOptions {
  std::vector<std::string> pictures;
  std::vector<std::string> models;
  std::string data, split;
  std::string crops = "center", resize = "crop";
  int64_t resize_side = 0, batch = 100, top = 5;
  std::string precision = "f32";
  bool skip_bad_images = false;
};

struct RecalibrateOptions {
  std::string model;
  DataOptions data;
  int64_t batches = 0, batch = 60;
  std::string output;
};

struct FoldOptions {
  std::string model;
  std::string output;
};

struct ImportOptions {
  std::string weights;
  std::string net, labels, format = "auto", resize = "crop";
  std::vector<std::string> rename;
  std::string output;
};

struct ConvertOptions {
  std::vector<std::string> inputs;
  std::string from = "auto", output, split, names, kind = "digits", label_maps;
  int64_t count = 1000, side = 0;
  double test_fraction = 0.2, noise = 1;
  bool skip_bad_images = false;
  int64_t max_objects = 1;
};

struct ShowOptions {
  std::vector<std::string> inputs;
  std::string what = "curves", output, metric = "test_accuracy", data, split = "test", layer, title;
  std::vector<std::string> names;
  std::vector<double> targets = {0.9, 0.95, 0.97};
  std::optional<int64_t> unit;
  bool log_steps = false;
};

void declare_train(cli::OptionTable& table, TrainOptions& options);
void declare_eval(cli::OptionTable& table, EvalOptions& options);
void declare_predict(cli::OptionTable& table, PredictOptions& options);
void declare_recalibrate(cli::OptionTable& table, RecalibrateOptions& options);
void declare_fold(cli::OptionTable& table, FoldOptions& options);
void declare_import(cli::OptionTable& table, ImportOptions& options);
void declare_convert(cli::OptionTable& table, ConvertOptions& options);
void declare_show(cli::OptionTable& table, ShowOptions& options);

}  // namespace fovea::bn
