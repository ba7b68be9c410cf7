// rcnn-propose: data about the program; the verbs live in lib/systems/rcnn.
#include "base/cpu.h"
#include "cli/program.h"
#include "systems/file_commands.h"
#include "systems/rcnn/convert.h"
#include "systems/rcnn/eval_options.h"
#include "systems/rcnn/propose.h"
#include "systems/rcnn/show.h"

using namespace fovea;

namespace {

const char kDescription[] =
    "Proposes regions that may hold an object: selective search (Uijlings et al., IJCV 2013), the first stage of R-CNN "
    "(Girshick et "
    "al., CVPR 2014). The order of a picture's boxes depends on the picture, the options and {opt:seed} alone. Files "
    "are HDF5; '-' is "
    "standard input or output.";

cli::Program program() {
  using cli::CommonSet;
  cli::Program p;
  p.name = "rcnn-propose";
  p.summary = "propose object regions by selective search";
  p.description = kDescription;
  p.examples = {
      {"rcnn-propose run photo.jpg", "a table of boxes, best first"},
      {"rcnn-propose run pictures/ -o boxes.h5", "the proposals of a folder of photographs"},
      {"rcnn-propose run --images set.h5 -o - | rcnn-detect features --model net.ckpt.h5 --images set.h5 --proposals - "
       "-o feats.h5",
       "by a pipe into feature extraction"},
  };
  p.files = {{"*.h5", "fovea.images: pictures; fovea.proposals: boxes."}};
  p.see_also = {"fovea-files(5)", "rcnn-detect(1)", "bn-train(1)"};
  p.info = print_info;
  p.version_details = [] { return cpu_summary() + "\n"; };
  p.commands.push_back(cli::command<rcnn::ProposeOptions>(
      "run", "find region proposals",
      "Segments each picture in several colour spaces, joins the most similar neighbours until one region is left, and "
      "ranks the boxes of "
      "all regions. Grey pictures are taken as colour ones; {opt:shard} divides the pictures.",
      {{"rcnn-propose run --images voc.h5 --split test --mode fast -o boxes.h5", "about 2000 boxes for each picture"},
       {"rcnn-propose run photo.jpg --mode quality --masks -o masks.h5", "80 groupings, with the regions' pixels"},
       {"rcnn-propose run --images set.h5 --im-width 500 --shard 0/4 -o part0.h5",
        "a quarter, at the width used for ILSVRC"}},
      rcnn::declare_propose, rcnn::propose,
      CommonSet::kSeed | CommonSet::kFiles | CommonSet::kFormat | CommonSet::kDryRun | CommonSet::kShard));
  p.commands.push_back(cli::command<rcnn::ProposeEvalOptions>(
      "eval", "measure recall and overlap",
      "Best overlap of every true object with the proposals: recall, average best overlap of each class and their mean "
      "(MABO), also "
      "against the number of boxes.",
      {{"rcnn-propose eval boxes.h5 --truth voc.h5", "recall and MABO"},
       {"rcnn-propose eval boxes.h5 --truth voc.h5 --report curve --draw mabo.svg", "against the number of boxes"}},
      rcnn::declare_propose_eval, rcnn::propose_eval, CommonSet::kFormat | CommonSet::kNoClobber));
  p.commands.push_back(cli::command<rcnn::ProposeShowOptions>(
      "show", "draw proposals over pictures",
      "The best boxes of a picture, or for sets with objects the proposal that overlaps each true object best.",
      {{"rcnn-propose show boxes.h5 --images voc.h5 -o boxes.png",
        "the best proposal of each object, with its overlap"}},
      rcnn::declare_propose_show, rcnn::propose_show, CommonSet::kNoClobber));
  p.commands.push_back(cli::command<rcnn::ProposeConvertOptions>(
      "convert", "read and write boxes of others",
      "Published MATLAB box files and TSV, into fovea.proposals, and proposals into TSV.",
      {{"rcnn-propose convert --from mat voc_2007_test.mat --images voc.h5 -o boxes.h5",
        "the boxes published with R-CNN"}},
      rcnn::declare_propose_convert, rcnn::propose_convert, CommonSet::kFiles));
  p.commands.push_back(merge_command());
  p.commands.push_back(verify_command());
  return p;
}

}  // namespace

int main(int argc, char** argv) { return cli::run(program(), argc, argv); }
