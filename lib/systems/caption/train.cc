#include "systems/caption/train.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "eval/table.h"
#include "systems/run_record.h"
#include "systems/update_options.h"

namespace fovea::caption {
namespace {

struct Preset {
  const char* name;
  int64_t embedding, hidden, units, batch;
  const char* optimizer;
};

// Hidden sizes of the Flickr sets were searched for and never published; coco's are those of the authors' evaluation
// script.
constexpr std::array<Preset, 4> kPresets{{{"tiny", 64, 128, 64, 32, "adam"},
                                          {"flickr8k", 512, 1000, 512, 64, "rmsprop-graves"},
                                          {"flickr30k", 512, 1000, 512, 64, "adam"},
                                          {"coco", 512, 1800, 512, 64, "adam"}}};

const Preset& preset_of(const std::string& name) {
  const auto it =
      std::find_if(kPresets.begin(), kPresets.end(), [&](const Preset& preset) { return name == preset.name; });
  FOVEA_CHECK(it != kPresets.end(), "preset {}", name);
  return *it;
}

void declare_model(cli::OptionTable& table, ModelOptions& o) {
  table.group("Decoder");
  table.add("preset", o.preset, "NAME", "Sizes, batch and optimiser: tiny, flickr8k, flickr30k or coco.")
      .choices({"tiny", "flickr8k", "flickr30k", "coco"})
      .source("[paper §4.3; hidden size of Flickr ours]");
  table.add("attention", o.attention, "MODE", "soft, hard, none (mean annotation), none-init, blind (no picture).")
      .choices(attention_names())
      .source("[paper §4]");
  table.add("gate", o.gate, "KIND", "beta on the context: none, scalar or vector.")
      .choices(gate_names())
      .source("[paper §4.2.1]");
  table.add("embedding", o.embedding, "N", "Width of word vectors; 0: the preset's.")
      .range(0, 65536)
      .source("[arctic-captions]");
  table.add("hidden", o.hidden, "N", "LSTM units; 0: the preset's.").range(0, 65536).source("[arctic-captions]");
  table.add("units", o.units, "N", "Attention units; 0: the preset's.").range(0, 65536).source("[arctic-captions]");
  table.add("attention-layers", o.attention_layers, "N", "Layers of the annotations' projection.")
      .range(1, 3)
      .source("[arctic-captions]");
  table.add("attention-activation", o.attention_activation, "F", "tanh or relu.")
      .choices({"tanh", "relu"})
      .source("[arctic-captions]");
  table.add("attention-temperature", o.attention_temperature, "X", "alpha = softmax(X e).")
      .above(0)
      .at_most(100)
      .source("[arctic-captions]");
  table.add("init-layers", o.init_layers, "N", "Layers from the mean annotation to h and c.")
      .range(1, 8)
      .source("[arctic-captions]");
  table.add("output-layers", o.output_layers, "N", "Layers of the deep output.")
      .range(1, 8)
      .source("[arctic-captions]");
  table.add("deep-output", o.deep_output, "F", "tanh (the code) or linear (the paper's formula).")
      .choices({"tanh", "linear"})
      .source("[arctic-captions]");
  table.add("previous-to-output", o.previous_to_output, "The word before reaches the deep output.")
      .source("[paper §3.1.2]");
  table.add("context-to-output", o.context_to_output, "The context reaches the deep output.").source("[paper §3.1.2]");
  table.add("dropout", o.dropout, "P", "After extra init layers, on h and on the deep output.")
      .range(0, 1)
      .below(1)
      .source("[arctic-captions]");
  table.add("forget-bias", o.forget_bias, "B", "First value of the forget gate's bias.")
      .range(-10, 10)
      .source("[arctic-captions]");
  table
      .add("init-weights", o.weights, "TEXT",
           "Initial weights: he, xavier, uniform, gaussian:STD. Square matrices are orthogonal.")
      .text("From gaussian:0.01 attention may need thousands of steps to leave its even start; xavier shortens that.")
      .source("[arctic-captions]");
}

void declare_words(cli::OptionTable& table, WordOptions& o) {
  table.group("Words");
  table.add("tokenizer", o.tokenizer, "KIND", "ptb, space or karpathy.")
      .choices({"ptb", "space", "karpathy"})
      .source("[COCO evaluator]");
  table.add("keep-punctuation", o.keep_punctuation, "ptb: keep punctuation as words, as the paper did.")
      .source("[ours]");
  table.add("vocabulary", o.vocabulary, "N", "Words kept, the end and the unknown word included.")
      .range(3, 1 << 24)
      .source("[paper §4.3]");
  table.add("min-count", o.min_count, "N", "Only words that occur N times in the training captions.")
      .range(1, 1e9)
      .source("[ours]");
  table.add("max-length", o.max_length, "N", "Longer captions are left out.")
      .range(1, 1000)
      .source("[arctic-captions]");
}

void declare_objective(cli::OptionTable& table, TrainOptions& o) {
  table.group("Objective");
  table.add("lambda", o.lambda, "X", "Weight of the doubly stochastic penalty.")
      .range(-1, 1e6)
      .default_text("1 for soft, 0 for hard attention")
      .source("[arctic-captions]");
  table.add("coverage-target", o.coverage_target, "T", "What the attention of a place should sum to.")
      .range(0, 100)
      .source("[paper §4.2.1]");
  table.add("lambda-r", o.lambda_r, "X", "Hard attention: weight of the score-function term.")
      .range(0, 1e3)
      .source("[ours]");
  table.add("lambda-e", o.lambda_e, "X", "Hard attention: weight of the entropy of alpha.")
      .range(0, 1e3)
      .source("[arctic-captions]");
  table.add("reward", o.reward, "HOW", "Hard attention: mean or sum of the words' log-likelihood.")
      .choices({"mean", "sum"})
      .source("[ours]");
  table.add("semi-sampling", o.semi_sampling, "UNIT", "One coin for soft steps a batch or an image.")
      .choices({"batch", "image"})
      .source("[arctic-captions]");
  table.add("semi-sampling-p", o.soft_probability, "P", "Hard attention: probability of a soft step.")
      .range(0, 1)
      .source("[paper §4.1]");
}

void check_options(const TrainOptions& o) {
  if (o.lambda < 0 && o.lambda != -1) fail(ErrorKind::kUsage, "--lambda: expected a number >= 0, found {}", o.lambda);
}

// The words of the training split, or those of --init.
ModelContext make_context(const TrainOptions& options, const data::CaptionSet& set,
                          const io::GridFeaturesReader& features) {
  ModelContext context;
  context.tokenizer = data::parse_tokenizer(options.words.tokenizer);
  context.keep_punctuation = options.words.keep_punctuation;
  context.features = features.layout();
  context.vocabulary =
      data::Vocabulary::build(split_tokens(set, options.split, context.tokenizer, context.keep_punctuation),
                              options.words.vocabulary, options.words.min_count);
  return context;
}

void take_weights(Decoder& decoder, const ModelContext& context, const std::string& path) {
  CaptionModel given = load_caption_model(path);
  if (given.context.vocabulary.words() != context.vocabulary.words()) {
    fail_data(path + ": vocabulary", "the words of this training split", "others",
              "use the data, tokenizer and vocabulary of the first run");
  }
  int64_t taken = 0;
  for (nn::Parameter* parameter : decoder.parameters()) {
    const nn::Parameter* other = given.decoder.find(parameter->layer, parameter->name);
    if (other == nullptr || !(other->var.shape() == parameter->var.shape())) {
      log::warning("{}: {}/{} is not in it or of another shape: freshly initialised", path, parameter->layer,
                   parameter->name);
      continue;
    }
    parameter->var.mutable_value().copy_from(other->var.value());
    ++taken;
  }
  if (taken == 0) fail_data(path + ": model", "arrays that fit the decoder", "none");
}

void report_counts(const char* what, const std::vector<CaptionSample>& samples, const SampleCounts& counts,
                   int64_t max_length) {
  log::info("{}: {} captions", what, samples.size());
  if (counts.too_long > 0)
    log::warning("{}: {} captions of more than {} words left out", what, counts.too_long, max_length);
  if (counts.empty > 0) log::warning("{}: {} captions without words left out", what, counts.empty);
  if (counts.without_features > 0)
    log::warning("{}: {} images without features left out", what, counts.without_features);
}

void print_plan(const DecoderConfig& config, int64_t steps, int64_t per_epoch) {
  std::string text;
  int64_t parameters = 0;
  for (const PartCost& part : decoder_costs(config)) {
    text += fmt::format("{:<22}{:>12} parameters {:>12} multiply-adds a step {:>12} an image\n", part.part,
                        part.parameters, part.per_step, part.per_image);
    parameters += part.parameters;
  }
  write_stdout(text + fmt::format("{:<22}{:>12} parameters; {} steps, {} an epoch; parameters and optimiser state {}\n",
                                  "together", parameters, steps, per_epoch,
                                  format_bytes(static_cast<double>(parameters) * 16)));
}

}  // namespace

void declare_train(cli::OptionTable& table, TrainOptions& o) {
  table.group("Data");
  table.add("features", o.features, "FILE", "Annotation vectors of the pictures.").required().is_input_path();
  table.add("data", o.data, "FILE", "A fovea.images file with captions.").required().is_input_path();
  table.add("split", o.split, "NAME", "Which split to train on; all: every image.");
  table.add("val-split", o.val_split, "NAME", "Held out, for reports and the best state; empty: none.");
  table.add("allow-missing", o.allow_missing, "Leave out images that have no features.").source("[ours]");
  declare_model(table, o.model);
  declare_words(table, o.words);
  declare_objective(table, o);
  table.group("Training");
  table.add("batch", o.batch, "N", "Captions in a batch; 0: the preset's, 64 (tiny 32).")
      .range(0, 65536)
      .source("[paper §4.3]");
  table.add("batching", o.batching, "HOW", "grouped: captions of one length together; padded: any.")
      .choices({"grouped", "padded"})
      .source("[paper §4.3]");
  add_length(table, o.epochs, o.steps);
  add_optimizer(table, o.optimizer).default_text("the preset's").source("[paper §4.3]");
  table
      .add("learning-rate", o.learning_rate, "R",
           "Of the optimiser; 0: 2e-4 for adam, 1e-4 for rmsprop-graves, else 0.01.")
      .range(0, 100)
      .source("[arctic-captions]");
  add_momentum(table, o.momentum).source("[ours]");
  add_weight_decay(table, o.weight_decay).source("[arctic-captions]");
  add_clip_norm(table, o.clip_norm).source("[ours]");
  table.add("init", o.init, "FILE", "Start from this caption model's weights.").is_input_path();
  table.add("cache", o.cache, "SIZE", "Memory for annotation vectors; the rest is read again.")
      .as_size()
      .at_least(0)
      .no_effect_on_content()
      .source("[ours]");
  table.group("Reports");
  table.add("eval-every", o.eval_every, "N", "Updates between reports; 0: only at the end.")
      .range(0, 1e9)
      .source("[arctic-captions]");
  table.add("best", o.best, "METRIC", "nll or bleu4 (free-running) on --val-split decides.")
      .choices({"nll", "bleu4"})
      .source("[nll: code, bleu4: paper §4.3]");
  table.add("beam", o.beam, "N", "Beam of the captions written for bleu4.").range(1, 100).source("[ours]");
  table.add("max-words", o.max_words, "N", "Length limit of these captions.").range(1, 1000).source("[ours]");
  table.add("patience", o.patience, "N", "Stop after so many reports without a better one; 0: never.")
      .range(0, 1e6)
      .source("[arctic-captions]");
  table.add("save-best", o.save_best, "Keep the best state as RUN.best.ckpt.h5.").source("[ours]");
  add_metrics(table, o.metrics);
  table.group("Output");
  table.output(o.output, "Checkpoint to write.").required();
}

int64_t batch_size(const TrainOptions& options) {
  return options.batch > 0 ? options.batch : preset_of(options.model.preset).batch;
}

DecoderConfig decoder_config(const ModelOptions& options, const io::GridLayout& features, int64_t vocabulary) {
  const Preset& preset = preset_of(options.preset);
  const auto size = [](int64_t given, int64_t usual) { return given > 0 ? given : usual; };
  DecoderConfig config;
  config.attention = parse_attention(options.attention, "--attention");
  config.gate = parse_gate(options.gate, "--gate");
  config.attention_activation =
      options.attention_activation == "relu" ? ops::Activation::kRelu : ops::Activation::kTanh;
  config.deep_output_tanh = options.deep_output == "tanh";
  config.previous_to_output = options.previous_to_output;
  config.context_to_output = options.context_to_output;
  config.vocabulary = vocabulary;
  config.embedding = size(options.embedding, preset.embedding);
  config.hidden = size(options.hidden, preset.hidden);
  config.units = size(options.units, preset.units);
  config.annotation = features.dimension;
  config.places = features.places();
  config.attention_layers = options.attention_layers;
  config.init_layers = options.init_layers;
  config.output_layers = options.output_layers;
  config.temperature = options.attention_temperature;
  config.dropout = options.dropout;
  config.forget_bias = options.forget_bias;
  config.weights = nn::parse_initializer(options.weights, "--init-weights", ErrorKind::kUsage);
  check_config(config);
  return config;
}

TaskOptions task_options(const TrainOptions& options, int64_t per_epoch, uint64_t seed) {
  TaskOptions task;
  task.batch = batch_size(options);
  task.steps = options.steps > 0 ? options.steps
                                 : std::max<int64_t>(1, std::llround(options.epochs * static_cast<double>(per_epoch)));
  task.grouped = options.batching == "grouped";
  task.optimizer.kind =
      nn::parse_optimizer(options.optimizer.empty() ? preset_of(options.model.preset).optimizer : options.optimizer);
  const bool graves = task.optimizer.kind == nn::OptimizerKind::kRmsPropGraves,
             adam = task.optimizer.kind == nn::OptimizerKind::kAdam;
  task.learning_rate = options.learning_rate > 0 ? options.learning_rate : adam ? 2e-4 : graves ? 1e-4 : 0.01;
  task.optimizer.momentum = graves ? 0.9 : options.momentum;
  if (graves) task.optimizer.rho = 0.95, task.optimizer.epsilon = 1e-4;
  task.optimizer.weight_decay = options.weight_decay;
  task.optimizer.clip_norm = options.clip_norm;
  task.lambda = options.lambda >= 0 ? options.lambda : options.model.attention == "soft" ? 1 : 0;
  task.coverage_target = options.coverage_target;
  task.lambda_r = options.lambda_r;
  task.lambda_e = options.lambda_e;
  task.reward_is_mean = options.reward == "mean";
  task.coin_per_image = options.semi_sampling == "image";
  task.soft_probability = options.soft_probability;
  task.best = options.best;
  task.validation_beam = options.beam;
  task.max_words = options.max_words;
  task.seed = seed;
  return task;
}

int train_decoder(const TrainOptions& options, const cli::Invocation& invocation) {
  check_options(options);
  probe_output(options.output, invocation.common.no_clobber);
  const io::GridFeaturesReader features(options.features);
  const data::CaptionSet set = data::read_caption_set(options.data);
  const ModelContext context = make_context(options, set, features);
  SampleCounts counts, val_counts;
  const int64_t longest = options.words.max_length;
  const auto training = collect_samples(set, options.split, context, features, longest, options.allow_missing, counts);
  report_counts("training", training, counts, longest);
  if (training.empty()) fail_data(options.data + ": captions of split " + options.split, "one at least", "none");
  std::vector<CaptionSample> validation;
  if (!options.val_split.empty()) {
    validation = collect_samples(set, options.val_split, context, features, longest, options.allow_missing, val_counts);
    report_counts("validation", validation, val_counts, longest);
  }
  const DecoderConfig config = decoder_config(options.model, features.layout(), context.vocabulary.size());
  const BatchPlan plan(training, batch_size(options), options.batching == "grouped", invocation.common.seed);
  const TaskOptions task_settings = task_options(options, plan.batches(), invocation.common.seed);
  if (invocation.common.dry_run) {
    print_plan(config, task_settings.steps, plan.batches());
    return 0;
  }
  Decoder decoder(config);
  decoder.initialize(invocation.common.seed);
  if (!options.init.empty()) take_weights(decoder, context, options.init);
  FeatureStore store(features, std::min(options.cache, max_memory() / 2));
  CaptionTask task(task_settings, decoder, context, set, training, validation, store);
  train::LoopOptions loop = loop_options(invocation, options.output, task_settings.steps);
  loop.evaluate_every = options.eval_every;
  loop.patience = validation.empty() ? 0 : options.patience;
  loop.save_best = options.save_best && !validation.empty();
  loop.metrics = options.metrics;
  io::RootAttributes root = run_record(invocation);
  root.inputs = {{"features", recorded_path(options.features), "fovea.features", features.attributes().content_hash},
                 {"captions", recorded_path(options.data), "fovea.images", set.content_hash}};
  const train::LoopResult result = train::run(task, loop, root);
  if (result.exit_code != 0) return result.exit_code;
  log::info("{}: {} words, {} parameters, {} steps, content hash {}", options.output, context.vocabulary.size(),
            decoder.parameter_count(), result.steps, result.content_hash);
  return 0;
}

}  // namespace fovea::caption
