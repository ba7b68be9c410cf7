// bn-train recalibrate, fold: models made from models.
#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "data/augment.h"
#include "data/sampler.h"
#include "nn/fold.h"
#include "systems/bn/commands.h"
#include "systems/bn/population.h"
#include "systems/image_sources.h"
#include "systems/run_record.h"
#include "train/model.h"

namespace fovea::bn {
namespace {

constexpr int64_t kMaxBatches = 1000;  // [ours] spec section 3

// A model without training state, made from `parent`.
int write_model(nn::Network& network, const train::Model& parent, io::RootAttributes root, const std::string& output,
                const cli::Invocation& invocation) {
  io::CheckpointData data;
  train::store_model(network, parent.preprocess, parent.labels, data);
  root.parent = parent.hash;
  root.inputs.push_back(input_record("model", parent));
  const std::string hash = io::write_checkpoint(output, root, data, writer_options(invocation));
  log::info("{}: {} parameters, content hash {}", output, network.parameter_count(), hash);
  return 0;
}

}  // namespace

int recalibrate(const RecalibrateOptions& options, const cli::Invocation& invocation) {
  probe_output(options.output, invocation.common.no_clobber);
  train::Model model = train::load_model(options.model);
  if (!model.has_batch_norm)
    fail_data(options.model + ": model/network", "a network with batch_norm layers", "none (is it folded?)");
  const data::ImageSource source =
      open_split(options.data.data, options.data.split, options.data.limit, options.data.skip_bad_images);
  if (source.size() < options.batch)
    fail_data(source.name(), fmt::format("at least one mini-batch of {} images", options.batch),
              std::to_string(source.size()));
  data::Sampler sampler({source.size(), options.batch, data::ShuffleMode::kFull, invocation.common.seed, true});
  const int64_t batches = std::min(options.batches > 0 ? options.batches : kMaxBatches, sampler.batches_per_epoch());
  const auto& p = model.preprocess;
  Tensor batch = Tensor::empty({options.batch, p.height, p.width, p.channels});
  const auto next = [&](int64_t) {
    data::load_batch(source, sampler.next(), p, {}, {invocation.common.seed, 0}, batch.data<float>());
    return batch;
  };
  bn::recalibrate(model.network, batches, invocation.common.seed, next, [] { return false; });
  io::RootAttributes root = run_record(invocation);
  root.inputs.push_back(input_record("data", source));
  return write_model(model.network, model, root, options.output, invocation);
}

int fold(const FoldOptions& options, const cli::Invocation& invocation) {
  probe_output(options.output, invocation.common.no_clobber);
  train::Model model = train::load_model(options.model);
  if (!model.has_batch_norm)
    fail_data(options.model + ": model/network", "a network with batch_norm layers", "none (is it folded already?)");
  nn::Network folded = nn::fold_batch_norm(model.network);
  return write_model(folded, model, run_record(invocation), options.output, invocation);
}

}  // namespace fovea::bn
