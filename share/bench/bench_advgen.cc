// Our side of the adversarial workloads; arguments and protocol as in bench_bn.cc.
//   gat-step    one iteration of Lee et al.: gradient input, generator step, classifier step; allconv48, g48, batch 128
//   pgd-attack  PGD-10 on a batch of 128 against allconv48
#include <cstdio>
#include <memory>

#include "base/file.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "data/pixel_set.h"
#include "serve.h"
#include "systems/advgen/adversarial_task.h"

using namespace fovea;

namespace {

constexpr int64_t kBatch = 128;

nn::NetText read_net(const std::string& models, const std::string& name) {
  const std::string path = models + "/" + name + ".net";
  return nn::parse_net(read_text_file(path, 1 << 20), path);
}

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

void run(const std::string& models, const std::string& name) {
  if (name != "gat-step" && name != "pgd-attack") fail(ErrorKind::kUsage, "no workload '{}'", printable(name));
  advgen::AdversarialSetup setup;
  setup.net = read_net(models, "allconv48");
  setup.generator = read_net(models, "g48");
  setup.options.schedule = "constant";
  setup.options.batch = kBatch;
  setup.total_steps = 1000000;
  const nn::Network plain(setup.net), generator(*setup.generator);
  setup.preprocess = train::make_preprocess(plain.input(), "crop");
  const data::ImageSource images = random_images();
  advgen::AdversarialTask task(setup, images, nullptr);
  if (name == "gat-step") {
    int64_t step = 0;
    bench::serve(plain.parameter_count() + generator.parameter_count(), [&] { task.step(step++); });
    return;
  }
  const advgen::Victim victim(task.network(), setup.preprocess, "bench");
  const advgen::AttackBatch batch = advgen::load_attack_batch(images, 0, kBatch, setup.preprocess);
  advgen::AttackConfig config = advgen::named_attack("pgd", 8.0 / 255);
  config.steps = 10;
  bench::serve(plain.parameter_count(), [&] { advgen::run_attack(victim, batch, config); });
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto threads = argc == 4 ? parse_int(argv[3]) : std::nullopt;
    if (!threads || *threads < 1 || *threads > 1024) {
      fail(ErrorKind::kUsage, "usage: bench_advgen MODELS_FOLDER WORKLOAD THREADS");
    }
    set_thread_count(static_cast<int>(*threads));
    run(argv[1], argv[2]);
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "bench_advgen: error: %s\n", error.what());
    return static_cast<int>(error.kind());
  }
}
