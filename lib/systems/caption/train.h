// caption-attend train
#pragma once

#include <cstdint>
#include <string>

#include "cli/program.h"
#include "systems/caption/caption_task.h"

namespace fovea::caption {

// Sizes: 0 takes the preset's.
struct ModelOptions {
  std::string preset = "flickr8k", attention = "soft", gate = "scalar", attention_activation = "tanh",
              deep_output = "tanh";
  int64_t embedding = 0, hidden = 0, units = 0;
  int64_t attention_layers = 2, init_layers = 2, output_layers = 1;
  bool previous_to_output = true, context_to_output = true;
  double attention_temperature = 1, dropout = 0.5, forget_bias = 0;
  std::string weights = "gaussian:0.01";
};

struct WordOptions {
  std::string tokenizer = "ptb";
  bool keep_punctuation = false;
  int64_t vocabulary = 10000, min_count = 1, max_length = 100;
};

struct TrainOptions {
  ModelOptions model;
  WordOptions words;
  std::string features, data, split = "train", val_split = "val", output, metrics, init;
  bool allow_missing = false;
  std::string optimizer, batching = "grouped", reward = "mean", semi_sampling = "batch", best = "nll";
  int64_t batch = 0, steps = 0, eval_every = 2000, patience = 10, max_words = 50, beam = 1, cache = int64_t{1} << 30;
  double epochs = 20, learning_rate = 0, clip_norm = 10, momentum = 0, weight_decay = 0;
  double lambda = -1, coverage_target = 1, lambda_r = 1, lambda_e = 0.002, soft_probability = 0.5;
  bool save_best = true;
};
void declare_train(cli::OptionTable& table, TrainOptions& options);
int train_decoder(const TrainOptions& options, const cli::Invocation& invocation);

// What compare shares with train: the resolved decoder and the options of its training.
DecoderConfig decoder_config(const ModelOptions& options, const io::GridLayout& features, int64_t vocabulary);
TaskOptions task_options(const TrainOptions& options, int64_t samples_batches, uint64_t seed);
int64_t batch_size(const TrainOptions& options);

}  // namespace fovea::caption
