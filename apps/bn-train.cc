// bn-train: data about the program; the verbs live in lib/systems/bn.
#include "base/cpu.h"
#include "cli/program.h"
#include "systems/bn/commands.h"
#include "systems/file_commands.h"

using namespace fovea;

namespace {

const char kDescription[] =
    "Trains, evaluates, folds and ensembles image classifiers with Batch Normalization (Ioffe & Szegedy, ICML 2015), "
    "and makes "
    "the backbones that the other fovea tools read. Files are HDF5; '-' is standard input or output.";

cli::Program program() {
  using cli::CommonSet;
  cli::Program p;
  p.name = "bn-train";
  p.summary = "train and use batch-normalised image classifiers";
  p.description = kDescription;
  p.examples = {
      {"bn-train convert --from folder pictures/ -o set.h5", "a folder of class folders becomes an image set"},
      {"bn-train train --data set.h5 --net cifar-conv-bn --epochs 20 -o run.ckpt.h5", "trains on its training split"},
      {"bn-train eval run.ckpt.h5 --data set.h5", "accuracy on its test split"},
  };
  p.files = {
      {"*.ckpt.h5", "fovea.checkpoint: network, weights, and the state that --resume continues from."},
      {"*.h5", "fovea.images: pictures with labels."},
      {"share/fovea/models/*.net", "Network texts that --net finds by name; FOVEA_MODELS names further folders."}};
  p.see_also = {"fovea-files(5)", "rcnn-detect(1)", "caption-attend(1)", "advgen-train(1)"};
  p.info = print_info;
  p.version_details = [] { return cpu_summary() + "\n"; };
  p.commands.push_back(cli::command<bn::TrainOptions>(
      "train", "train a classifier",
      "Trains the network on the training images, tests it at the report points, and ends with the population "
      "statistics of "
      "Algorithm 2. SIGTERM, SIGUSR1 and {opt:max-time} save and exit 75; {opt:resume} then continues to bit-identical "
      "results. "
      "A non-finite loss exits 3 and keeps the last good checkpoint.",
      {{"bn-train train --data mnist.h5 --net mnist-mlp-bn --steps 50000 --percentiles sigmoid3 -o bn.ckpt.h5",
        "section 4.1 of the paper, with BN"},
       {"bn-train train --data mnist.h5 --net mnist-mlp-bn --batch-norm none --steps 50000 -o plain.ckpt.h5",
        "the same without"},
       {"bn-train train --data cifar.h5 --net inception-tiny --preset bn-x5 --epochs 40 -o x5.ckpt.h5",
        "a recipe of section 4.2"}},
      bn::declare_train, bn::train, CommonSet::kTraining | CommonSet::kFormat));
  p.commands.push_back(cli::command<bn::EvalOptions>(
      "eval", "measure accuracy, single models and ensembles",
      "Top-1 and top-5 error of each model, and of the mean of their class probabilities when there are several.",
      {{"bn-train eval a.ckpt.h5 b.ckpt.h5 --data set.h5 --crops 144", "an ensemble of two over 144 crops"},
       {"bn-train eval a.ckpt.h5 --data set.h5 --require 'accuracy>=0.97'", "exits 1 if it is worse"}},
      bn::declare_eval, bn::evaluate, CommonSet::kFormat | CommonSet::kNoClobber));
  p.commands.push_back(cli::command<bn::PredictOptions>(
      "predict", "classify pictures", "Prints the most probable classes of each picture.",
      {{"bn-train predict --model run.ckpt.h5 frog.jpg cat.jpg", "the five best classes of two photographs"}},
      bn::declare_predict, bn::predict, CommonSet::kFormat));
  p.commands.push_back(cli::command<bn::RecalibrateOptions>(
      "recalibrate", "compute exact population statistics",
      "Runs mini-batches in training mode without updates and stores E[x] and m/(m-1) E[var] of every batch_norm "
      "layer.",
      {{"bn-train recalibrate run.ckpt.h5 --data set.h5 -o exact.ckpt.h5", "statistics over one epoch"}},
      bn::declare_recalibrate, bn::recalibrate, CommonSet::kSeed | CommonSet::kFiles));
  p.commands.push_back(
      cli::command<bn::FoldOptions>("fold", "fold batch normalisation into weights",
                                    "Writes a model without batch_norm layers that computes the same function.",
                                    {{"bn-train fold run.ckpt.h5 -o folded.ckpt.h5", "a model for inference"}},
                                    bn::declare_fold, bn::fold, CommonSet::kFiles));
  p.commands.push_back(cli::command<bn::ImportOptions>(
      "import", "import weights of other frameworks",
      "Reads Caffe (.caffemodel, .caffemodel.h5), Keras (.h5), ONNX initialisers, NumPy (.npz) or a plain HDF5 tree of "
      "arrays into "
      "the layers of a network text, by name.",
      {{"bn-train import squeezenet.npz --net squeezenet-v1.0 --labels synset_words.txt -o squeezenet.ckpt.h5",
        "an ImageNet backbone"}},
      bn::declare_import, bn::import_weights, CommonSet::kSeed | CommonSet::kFiles));
  p.commands.push_back(cli::command<bn::ConvertOptions>(
      "convert", "make image sets; export weights",
      "Reads MNIST idx files, CIFAR records, folders of classes, or draws generated scenes.",
      {{"bn-train convert --from mnist mnist/ -o mnist.h5", "both splits of MNIST in one file"},
       {"bn-train convert --from scenes --kind digits --count 100 -o digits.h5", "generated digits"},
       {"bn-train convert --from scenes --kind shapes --side 96 --label-maps maps/ -o shapes.h5",
        "for detection and segmentation"},
       {"bn-train convert --from checkpoint run.ckpt.h5 -o weights.npz", "weights for NumPy and PyTorch"}},
      bn::declare_convert, bn::convert, CommonSet::kSeed | CommonSet::kFiles | CommonSet::kShard));
  p.commands.push_back(cli::command<bn::ShowOptions>(
      "show", "draw curves, percentiles, bias drift, confusion",
      "Draws what a run recorded, as SVG or PNG by the suffix of the output.",
      {{"bn-train show bn.ckpt.h5 plain.ckpt.h5 --names 'with BN,without' -o accuracy.svg", "figure 1a of the paper"},
       {"bn-train show bn.ckpt.h5 --what percentiles -o percentiles.svg",
        "figure 1c; of a training with --percentiles"},
       {"bn-train show bn.ckpt.h5 plain.ckpt.h5 --what summary",
        "steps to 90, 95 and 97 %, and how many times fewer with BN"}},
      bn::declare_show, bn::show, CommonSet::kNoClobber | CommonSet::kFormat));
  p.commands.push_back(merge_command());
  p.commands.push_back(verify_command());
  return p;
}

}  // namespace

int main(int argc, char** argv) { return cli::run(program(), argc, argv); }
