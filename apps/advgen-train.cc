// advgen-train: data about the program; the verbs live in lib/systems/advgen.
#include "base/cpu.h"
#include "cli/program.h"
#include "systems/advgen/commands.h"
#include "systems/advgen/compare.h"
#include "systems/advgen/evaluate.h"
#include "systems/advgen/show.h"
#include "systems/file_commands.h"

using namespace fovea;

namespace {

const char kDescription[] =
    "Trains image classifiers against adversarial perturbations with the Generative Adversarial Trainer (Lee, Han & "
    "Lee 2017) and "
    "the methods that it is compared with, attacks classifiers, and reports what is left of their accuracy. "
    "Perturbations are in "
    "pixel units, [0,1]; 8/255 may be written so. Files are HDF5; '-' is standard input or output.";

void add_reports(cli::Program& p) {
  using cli::CommonSet;
  p.commands.push_back(cli::command<advgen::EvalOptions>(
      "eval", "measure robustness, and look for masked gradients",
      "Attacks each model in many ways and counts the images that it still gets right, up to those that survive "
      "everything. Ten checks "
      "look for gradients that were hidden rather than made harmless; a suspicious one warns on stderr and in the "
      "first line of the "
      "{opt:report}. The defaults suit a small machine; raise {opt:strong-steps}, {opt:restarts} and {opt:queries} "
      "before you publish.",
      {{"advgen-train eval gat.ckpt.h5 pgd.ckpt.h5 --data cifar10.h5 --report report.md --draw curves.svg",
        "two models, attacking each other too"},
       {"advgen-train eval mnist-pgd.ckpt.h5 --data mnist.h5 --eps 0.3 --require 'worst>=0.85'",
        "exits 1 if it is worse"},
       {"advgen-train eval gat.ckpt.h5 --data cifar10.h5 --transfer plain.ckpt.h5 --gap --format jsonl >gat.jsonl",
        "a result for compare"}},
      advgen::declare_eval, advgen::evaluate, CommonSet::kSeed | CommonSet::kFormat | CommonSet::kNoClobber));
  p.commands.push_back(cli::command<advgen::CompareOptions>(
      "compare", "compare methods of training over seeds",
      "Means and deviations over seeds of what eval measured, and differences to {opt:baseline} paired by seed with "
      "their 95 % intervals. "
      "Sentences say whether the generalisation gap of gat is lower than that of plain and dropout, and what is left "
      "under PGD.",
      {{"advgen-train compare plain_*.jsonl dropout_*.jsonl gat_*.jsonl -o report.md",
        "the claims of the paper, on your data"}},
      advgen::declare_compare, advgen::compare, CommonSet::kFormat | CommonSet::kNoClobber));
  p.commands.push_back(cli::command<advgen::ShowOptions>(
      "show", "draw adversarial pictures, perturbations, curves",
      "Pictures beside their perturbation, amplified by a factor that is printed, and their attacked twins, with "
      "predictions and "
      "confidence; the perturbation of a universal generator; curves of what eval measured.",
      {{"advgen-train show adv.h5 --count 6 -o adv.png", "six pictures that the attack turned"},
       {"advgen-train show universal.ckpt.h5 --what perturbation -o universal.png",
        "one perturbation for all pictures"},
       {"advgen-train show plain.jsonl pgd.jsonl --what curves -o curves.svg",
        "accuracy against epsilon; of results with --curve"}},
      advgen::declare_show, advgen::show, CommonSet::kNoClobber));
}

cli::Program program() {
  using cli::CommonSet;
  cli::Program p;
  p.name = "advgen-train";
  p.summary = "train classifiers against adversarial perturbations, and attack them";
  p.description = kDescription;
  p.examples = {
      {"advgen-train train --method gat --data cifar10.h5 --net allconv48 -o gat.ckpt.h5", "the trainer of the paper"},
      {"advgen-train train --method pgd --data cifar10.h5 --net allconv48 -o pgd.ckpt.h5",
       "the strongest of its rivals"},
      {"advgen-train attack --model gat.ckpt.h5 --data cifar10.h5 --attack pgd --restarts 5 -o adv.h5",
       "what a determined attacker makes of it; bn-train eval reads the result as data"},
  };
  p.files = {{"*.ckpt.h5",
              "fovea.checkpoint: the classifier, readable by every tool, with the generator and the training state "
              "beside it."},
             {"*.h5", "fovea.images: labelled pictures; fovea.adversarial: perturbed ones."},
             {"share/fovea/models/*.net",
              "Network texts that --net and --gen-net find by name; FOVEA_MODELS names further folders."}};
  p.see_also = {"fovea-files(5)", "bn-train(1)"};
  p.info = print_info;
  p.version_details = [] { return cpu_summary() + "\n"; };
  p.commands.push_back(cli::command<advgen::TrainOptions>(
      "train", "train a classifier against perturbations",
      "Trains on clean and perturbed pictures by {opt:method}. Part of the training images is kept back for the "
      "reports; the test "
      "images are left for eval. SIGTERM, SIGUSR1 and {opt:max-time} save and exit 75; {opt:resume} then continues to "
      "bit-identical "
      "results, both networks and both optimisers. A non-finite loss exits 3 and keeps the last good checkpoint.",
      {{"advgen-train train --method gat --preset robust --data mnist.h5 --net mnist-conv --bound linf:0.3 -o "
        "mnist-gat.ckpt.h5",
        "a generator that stays within 0.3"},
       {"advgen-train train --method pgd --eps 0.3 --data mnist.h5 --net mnist-conv --optimizer adam --learning-rate "
        "1e-3 -o mnist-pgd.ckpt.h5",
        "after Madry et al."},
       {"advgen-train train --method fast --init plain.ckpt.h5 --data cifar10.h5 -o fast.ckpt.h5",
        "hardens a trained classifier"}},
      advgen::declare_train, advgen::train, CommonSet::kTraining | CommonSet::kFormat));
  p.commands.push_back(cli::command<advgen::GenerateOptions>(
      "generate", "train a network that draws perturbations",
      "Trains a generator against a classifier that stays as it is (Poursaeed et al. 2018): one universal "
      "perturbation, or one drawn "
      "from each picture, away from the true class or towards a {opt:target}. {opt:metrics} and the result give the "
      "fooling ratio: the "
      "share of test pictures whose prediction changes.",
      {{"advgen-train generate --model run.ckpt.h5 --data cifar10.h5 -o universal.ckpt.h5",
        "one perturbation for all pictures"},
       {"advgen-train generate --model run.ckpt.h5 --data cifar10.h5 --kind image --target cat -o cats.ckpt.h5",
        "everything a cat"}},
      advgen::declare_generate, advgen::generate, CommonSet::kTraining | CommonSet::kFormat));
  p.commands.push_back(cli::command<advgen::AttackOptions>(
      "attack", "perturb pictures",
      "Writes the perturbed pictures, each within the radius and in [0,1], with what the classifier said before and "
      "after. Results "
      "depend on the picture, its place in the set and the seed alone.",
      {{"advgen-train attack --model run.ckpt.h5 --data set.h5 --attack pgd --eps 8/255 --steps 20 --restarts 5 -o "
        "adv.h5",
        "projected gradient descent"},
       {"advgen-train attack --model run.ckpt.h5 --data set.h5 --attack generator --generator universal.ckpt.h5 -o "
        "adv.h5",
        "a trained perturbation"},
       {"advgen-train attack --model run.ckpt.h5 --data set.h5 --attack fgsm --target least-likely -o adv.h5",
        "towards the least likely class"}},
      advgen::declare_attack, advgen::attack, CommonSet::kBatch | CommonSet::kFormat));
  add_reports(p);
  p.commands.push_back(merge_command());
  p.commands.push_back(verify_command());
  return p;
}

}  // namespace

int main(int argc, char** argv) { return cli::run(program(), argc, argv); }
