// pose-estimate: data about the program; the verbs live in lib/systems/pose.
#include "base/cpu.h"
#include "cli/program.h"
#include "systems/file_commands.h"
#include "systems/pose/convert.h"
#include "systems/pose/eval.h"
#include "systems/pose/predict.h"
#include "systems/pose/show.h"
#include "systems/pose/train.h"

using namespace fovea;
using cli::CommonSet;

namespace {

const char kDescription[] =
    "Finds body joints of people: a convolutional part detector makes a heat map for each joint, and a spatial model "
    "in the shape of one "
    "round of belief propagation removes implausible peaks; both are trained jointly (Tompson, Jain, LeCun, Bregler, "
    "NIPS 2014). Files "
    "are HDF5; '-' is standard input or output.";

void add_commands(cli::Program& p) {
  p.commands.push_back(cli::command<pose::TrainOptions>(
      "train", "train the detector, the spatial model, or both",
      "Three stages: the part detector alone, the spatial model on its maps, then everything. Each stage writes an "
      "ordinary checkpoint "
      "that the next takes with {opt:init}. SIGTERM, SIGUSR1 and {opt:max-time} save and exit 75; {opt:resume} then "
      "continues to "
      "bit-identical results.",
      {{"pose-estimate train --data people.h5 --images set.h5 --input tiny --steps 2000 -o detector.ckpt.h5",
        "a part detector"},
       {"pose-estimate train --stage spatial --init detector.ckpt.h5 --data people.h5 --images set.h5 --steps 500 -o "
        "spatial.ckpt.h5",
        "its spatial model"},
       {"pose-estimate train --stage joint --init spatial.ckpt.h5 --data people.h5 --images set.h5 --steps 500 -o "
        "joint.ckpt.h5",
        "both together"}},
      pose::declare_train, pose::train, CommonSet::kTraining));
  p.commands.push_back(cli::command<pose::PredictOptions>(
      "predict", "find joints in pictures",
      "People are those of {opt:data}, those in {opt:boxes}, or one in each picture. Positions before the spatial "
      "model are kept as well.",
      {{"pose-estimate predict --model joint.ckpt.h5 photo.jpg -o one.h5", "one person who fills the photograph"},
       {"pose-estimate predict --model joint.ckpt.h5 --data people.h5 --images set.h5 --split test -o joints.h5 "
        "--heatmaps maps.h5",
        "annotated people, for eval"},
       {"rcnn-detect detect --model people.ckpt.h5 photo.jpg -o - | pose-estimate predict --model joint.ckpt.h5 "
        "--boxes - photo.jpg -o crowd.h5",
        "everybody that a detector finds"}},
      pose::declare_predict, pose::predict, CommonSet::kFiles | CommonSet::kShard));
  p.commands.push_back(cli::command<pose::EvalOptions>(
      "eval", "measure predictions",
      "Detection rate against distance (PDJ), PCK, PCKh, strict PCP, per joint and pooled over sides, with area under "
      "the curve.",
      {{"pose-estimate eval --truth people.h5 --pred joints.h5 --split test",
        "detection rates at 5, 10 and 20 % of the torso"},
       {"pose-estimate eval --truth people.h5 --pred joints.h5 --metric pck --require 'rate>=60'",
        "exits 1 if it is worse"},
       {"pose-estimate eval --truth people.h5 --pred joints.h5 --part detector --bootstrap 1000",
        "before the spatial model, with intervals"}},
      pose::declare_eval, pose::evaluate, CommonSet::kSeed | CommonSet::kFormat));
  p.commands.push_back(cli::command<pose::ShowOptions>(
      "show", "draw skeletons, maps, kernels and curves",
      "Skeletons over pictures; heat maps before and after the spatial model; its pairwise priors; detection rates as "
      "curves; what each "
      "bank of the detector sees.",
      {{"pose-estimate show joints.h5 --images set.h5 --truth people.h5 --count 6 -o skeletons.png",
        "left warm, right cool, truth thin"},
       {"pose-estimate show --what heatmaps maps.h5 --images set.h5 --count 2 -o maps.png",
        "what the spatial model removes"},
       {"pose-estimate show --what kernels joint.ckpt.h5 -o priors.png", "where joints lie relative to each other"},
       {"pose-estimate show --what curves joints.h5 --truth people.h5 --split test -o curves.svg", "detection rates"}},
      pose::declare_show, pose::show, CommonSet::kNoClobber));
  p.commands.push_back(cli::command<pose::ConvertOptions>(
      "convert", "read and write annotations",
      "FLIC, LSP, LSP-extended, MPII, COCO keypoints and CSV into fovea.poses (and their pictures into fovea.images), "
      "and back; or draws "
      "stick figures with known joints.",
      {{"pose-estimate convert --from stick-figures --count 500 --pictures set.h5 -o people.h5", "generated people"},
       {"pose-estimate convert --from lspet lspet_dataset/joints.mat --images lspet_dataset/images --pictures set.h5 "
        "-o people.h5",
        "LSP-extended with its pictures"},
       {"pose-estimate convert --to csv people.h5 -o people.csv", "for other programs"}},
      pose::declare_convert, pose::convert, CommonSet::kSeed | CommonSet::kFiles));
  p.commands.push_back(merge_command());
  p.commands.push_back(verify_command());
}

cli::Program program() {
  cli::Program p;
  p.name = "pose-estimate";
  p.summary = "find body joints with a ConvNet and a graphical model";
  p.description = kDescription;
  p.examples = {
      {"pose-estimate convert --from lsp lsp_dataset/joints.mat --images lsp_dataset/images --pictures set.h5 -o "
       "people.h5",
       "annotations and pictures"},
      {"pose-estimate train --data people.h5 --images set.h5 --input lsp -o detector.ckpt.h5", "a part detector"},
      {"pose-estimate predict --model detector.ckpt.h5 photo.jpg -o joints.h5", "joints of one person"},
      {"pose-estimate show joints.h5 --pictures photo.jpg -o skeleton.png", "a look at them"},
  };
  p.files = {{"*.ckpt.h5", "fovea.checkpoint: detector, spatial model, joints, state of the training."},
             {"*.h5", "fovea.poses, fovea.heatmaps, fovea.images, fovea.detections."}};
  p.see_also = {"fovea-files(5)", "rcnn-detect(1)", "bn-train(1)"};
  p.info = print_info;
  p.version_details = [] { return cpu_summary() + "\n"; };
  add_commands(p);
  return p;
}

}  // namespace

int main(int argc, char** argv) { return cli::run(program(), argc, argv); }
