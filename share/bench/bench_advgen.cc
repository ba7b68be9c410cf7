// One iteration of Lee et al. and an attack; protocol in serve.h.
//   gat-step    gradient input, generator step, classifier step; allconv48, g48, batch 128
//   pgd-attack  PGD-10 on a batch of 128 against allconv48
#include <memory>

#include "data/pixel_set.h"
#include "network_work.h"
#include "systems/advgen/adversarial_task.h"

using namespace fovea;

namespace {

constexpr int64_t kBatch = 128;
constexpr int kAttackSteps = 10;

data::ImageSource random_images() {
  data::PixelSet set;
  set.count = 4 * kBatch;
  set.height = set.width = 32;
  set.channels = 3;
  Rng rng(1, RngPurpose::kTest);
  for (int64_t i = 0; i < set.count * 32 * 32 * 3; ++i) set.pixels.push_back(static_cast<uint8_t>(rng.below(256)));
  for (int64_t i = 0; i < set.count; ++i) set.labels.push_back(static_cast<int32_t>(i % 10));
  return data::ImageSource::from_pixels(std::move(set));
}

// The classifier: the gradient of its input (2 passes), the generator's step through it (2), its own step on clean and
// perturbed pictures (6 less the first layer's data); the generator: its step, and the perturbation made anew.
double gat_flops(nn::Network& classifier, nn::Network& generator) {
  return 4 * bench::pass_flops(classifier, kBatch) + 2 * bench::step_flops(classifier, kBatch) +
         bench::step_flops(generator, kBatch) + bench::pass_flops(generator, kBatch);
}

advgen::AdversarialSetup make_setup(const std::string& models) {
  advgen::AdversarialSetup setup;
  setup.net = bench::read_net(models, "allconv48");
  setup.generator = bench::read_net(models, "g48");
  setup.options.schedule = "constant";
  setup.options.batch = kBatch;
  setup.total_steps = 1000000;
  setup.preprocess = train::make_preprocess(nn::Network(setup.net).input(), "crop");
  return setup;
}

// A training task with what it refers to.
struct Game {
  advgen::AdversarialSetup setup;
  data::ImageSource images = random_images();
  advgen::AdversarialTask task;
  explicit Game(advgen::AdversarialSetup given) : setup(std::move(given)), task(setup, images, nullptr) {}
};

bench::Job step_job(const advgen::AdversarialSetup& setup) {
  auto game = std::make_shared<Game>(setup);
  nn::Network classifier(setup.net), generator(*setup.generator);
  bench::Job job;
  job.run = [game, step = int64_t{0}]() mutable { return game->task.step(step++); };
  job.parameters = classifier.parameter_count() + generator.parameter_count();
  job.flops = gat_flops(classifier, generator);
  job.bytes = bench::step_bytes(job.parameters, 1);
  return job;
}

bench::Job attack_job(const advgen::AdversarialSetup& setup) {
  auto game = std::make_shared<Game>(setup);
  const advgen::AttackBatch batch = advgen::load_attack_batch(game->images, 0, kBatch, setup.preprocess);
  advgen::AttackConfig config = advgen::named_attack("pgd", 8.0 / 255);
  config.steps = kAttackSteps;
  auto victim = std::make_shared<advgen::Victim>(game->task.network(), game->setup.preprocess, "bench");
  bench::Job job;
  job.run = [game, victim, batch, config] {
    advgen::run_attack(*victim, batch, config);
    return 0.0;
  };
  const nn::Network classifier(setup.net);
  job.parameters = classifier.parameter_count();
  job.flops = 2 * kAttackSteps * bench::pass_flops(classifier, kBatch);
  job.bytes = 2 * kAttackSteps * bench::weight_bytes(job.parameters);
  return job;
}

bench::Job make_job(const bench::Request& request) {
  const advgen::AdversarialSetup setup = make_setup(request.models);
  if (request.workload == "gat-step") return step_job(setup);
  if (request.workload == "pgd-attack") return attack_job(setup);
  bench::no_workload(request.workload);
}

}  // namespace

int main(int argc, char** argv) { return bench::serve_main(argc, argv, make_job); }
