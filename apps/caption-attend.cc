// caption-attend: data about the program; the verbs live in lib/systems/caption.
#include "base/cpu.h"
#include "cli/program.h"
#include "systems/caption/compare.h"
#include "systems/caption/convert.h"
#include "systems/caption/eval.h"
#include "systems/caption/features.h"
#include "systems/caption/predict.h"
#include "systems/caption/show.h"
#include "systems/caption/train.h"
#include "systems/file_commands.h"

using namespace fovea;
using cli::CommonSet;

namespace {

const char kDescription[] =
    "Writes captions of pictures, word by word, looking at a part of the picture for each: Show, Attend and Tell (Xu "
    "et al., ICML 2015) with soft and hard attention. Files are HDF5; '-' is standard input or output.";

void add_model(cli::Program& p) {
  p.commands.push_back(cli::command<caption::FeaturesOptions>(
      "features", "annotation vectors of pictures",
      "Runs pictures through a network up to a convolutional layer and stores its map, place by place: what the "
      "decoder attends to.",
      {{"caption-attend features --model vgg.ckpt.h5 --images f8k.h5 -o feats.h5",
        "14x14 places of 512 features for VGG"},
       {"caption-attend features --model net.ckpt.h5 --layer fire9/concat --fit stretch --images set.h5 -o fire9.h5",
        "another layer, the whole picture"}},
      caption::declare_features, caption::extract_features,
      CommonSet::kFiles | CommonSet::kShard | CommonSet::kDryRun));
  p.commands.push_back(cli::command<caption::TrainOptions>(
      "train", "train a decoder",
      "Trains soft or hard attention, or a decoder without, on annotation vectors and captions. NLL and the doubly "
      "stochastic penalty are reported apart: with few words the penalty has a floor that no attention can pass. The "
      "tokeniser follows the COCO evaluator's rules and differs on rare input: abbreviations such as Mr., fractions, "
      "URLs.",
      {{"caption-attend train --features feats.h5 --data f8k.h5 --attention soft --preset flickr8k -o cap.ckpt.h5 "
        "--metrics log.jsonl",
        "soft attention"},
       {"caption-attend train --features feats.h5 --data f8k.h5 --attention hard --best bleu4 -o hard.ckpt.h5",
        "hard attention; keeps the best by BLEU-4"}},
      caption::declare_train, caption::train_decoder, CommonSet::kTraining));
  p.commands.push_back(cli::command<caption::PredictOptions>(
      "predict", "write captions",
      "Writes captions by beam search or sampling, with the attention behind each word; or scores given captions with "
      "{opt:forced}. Several models are averaged. Results do not depend on the batch.",
      {{"caption-attend predict --model cap.best.ckpt.h5 --features feats.h5 --images f8k.h5 --split test -o found.h5",
        "of the test split, for eval and show"},
       {"caption-attend predict --model cap.best.ckpt.h5 --backbone vgg.ckpt.h5 dog.jpg --format text",
        "straight from a photograph"},
       {"caption-attend predict --model cap.best.ckpt.h5 --features feats.h5 --images f8k.h5 --split test --forced "
        "--format tsv",
        "likelihood of the references"}},
      caption::declare_predict, caption::predict,
      CommonSet::kSeed | CommonSet::kFiles | CommonSet::kShard | CommonSet::kDryRun));
  p.commands.push_back(cli::command<caption::CompareOptions>(
      "compare", "what attention costs, and what it gives",
      "Measures models on one held-out split: parameters, multiply-adds, time of a training step and of a caption in "
      "turns, likelihood and BLEU-4 with paired bootstrap intervals over images, entropy of the attention. The report "
      "answers in sentences and says when no difference is shown.",
      {{"caption-attend compare none.ckpt.h5 soft.ckpt.h5 hard.ckpt.h5 --features feats.h5 --data f8k.h5 -o report.md",
        "three decoders on the test split"}},
      caption::declare_compare, caption::compare, CommonSet::kSeed | CommonSet::kFormat | CommonSet::kNoClobber));
}

void add_data(cli::Program& p) {
  p.commands.push_back(cli::command<caption::ConvertOptions>(
      "convert", "read and write sets of captions",
      "Flickr8k token files, Karpathy's and COCO's JSON, TSV and generated scenes into fovea.images, and back. "
      "Captions are kept as written; empty and over-long ones are left out and counted, text that is no UTF-8 is an "
      "error with its line.",
      {{"caption-attend convert --from flickr8k Flickr8k_text/ --pictures Images/ -o f8k.h5",
        "pictures, captions and splits in one file"},
       {"caption-attend convert --from karpathy dataset_coco.json --pictures coco/ -o coco.h5",
        "Karpathy's splits of COCO"},
       {"caption-attend convert --from scenes --count 5000 -o scenes.h5",
        "generated pictures whose caption can be right or wrong"},
       {"caption-attend convert --to coco-results found.h5 -o results.json", "for other evaluators"}},
      caption::declare_convert, caption::convert, CommonSet::kSeed | CommonSet::kFiles | CommonSet::kShard));
  p.commands.push_back(cli::command<caption::VocabOptions>(
      "vocab", "count words", "Prints the vocabulary that train would use: id, word, count, share of all words.",
      {{"caption-attend vocab f8k.h5 --min-count 5", "words that occur five times or more in the training captions"}},
      caption::declare_vocab, caption::vocab, CommonSet::kFormat));
  p.commands.push_back(cli::command<caption::EvalOptions>(
      "eval", "measure captions against references",
      "BLEU with and without the brevity penalty, METEOR-X, ROUGE-L, CIDEr-D and CIDEr as the COCO evaluator defines "
      "them, with bootstrap intervals; and where attention looks. METEOR-X is METEOR without its table of paraphrases, "
      "a few points lower.",
      {{"caption-attend eval found.h5 --data f8k.h5 --split test", "all scores in one row"},
       {"caption-attend eval found.h5 --data f8k.h5 --versus other.h5 --bootstrap 1000",
        "is the difference more than chance?"},
       {"caption-attend eval --coco-annotations captions_val2014.json --coco-results results.json",
        "COCO's own files"}},
      caption::declare_eval, caption::evaluate, CommonSet::kSeed | CommonSet::kFormat | CommonSet::kNoClobber));
  p.commands.push_back(cli::command<caption::ShowOptions>(
      "show", "draw where each word looked",
      "A montage of the picture and one cell for each word, its attention laid over what the network saw, with the "
      "gate's value in parentheses; or a page with many of them.",
      {{"caption-attend show found.h5 --images f8k.h5 --id 1000268201_693b08cb0e.jpg -o girl.png", "one picture"},
       {"caption-attend show found.h5 --images f8k.h5 --split test --count 50 -o test.html", "a page of fifty"}},
      caption::declare_show, caption::show, CommonSet::kNoClobber));
}

cli::Program program() {
  cli::Program p;
  p.name = "caption-attend";
  p.summary = "caption pictures with visual attention (Show, Attend and Tell)";
  p.description = kDescription;
  p.examples = {
      {"caption-attend convert --from flickr8k Flickr8k_text/ --pictures Images/ -o f8k.h5",
       "captions become an image set"},
      {"caption-attend train --features feats.h5 --data f8k.h5 -o cap.ckpt.h5", "a decoder with soft attention"},
      {"caption-attend predict --model cap.ckpt.h5 --features feats.h5 -o found.h5", "captions with attention maps"},
  };
  p.files = {{"*.ckpt.h5", "fovea.checkpoint: a decoder with its vocabulary."},
             {"*.h5", "fovea.images, fovea.features, fovea.captions."}};
  p.see_also = {"fovea-files(5)", "bn-train(1)", "rcnn-detect(1)"};
  p.info = print_info;
  p.version_details = [] { return cpu_summary() + "\n"; };
  add_data(p);
  add_model(p);
  p.commands.push_back(merge_command());
  p.commands.push_back(verify_command());
  return p;
}

}  // namespace

int main(int argc, char** argv) { return cli::run(program(), argc, argv); }
