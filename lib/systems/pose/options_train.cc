// The options of pose-estimate train.
#include "systems/pose/train.h"
#include "systems/update_options.h"

namespace fovea::pose {
namespace {

void declare_detector(cli::OptionTable& table, TrainOptions& o) {
  table.group("Detector (stage detector; later stages take it from --init)");
  const auto only = [](cli::Option& option) -> cli::Option& { return option.only_with("stage", {"detector"}); };
  only(table.add("joints", o.joints, "SET", "Joints to find.")
           .choices({"flic-4", "flic-9", "lsp-14", "mpii-16", "coco-17"})
           .default_text("those of the data"));
  only(table.add("input", o.input, "SIZE", "Network's input: flic, lsp, tiny or HxW.").source("[paper, fig. 3]"))
      .text(
          "flic is 240x360, lsp 256x256, tiny 96x144. Pictures are scaled to fit, centred, and continued at their "
          "border. Maps have a quarter of the size.");
  only(table.add("crop", o.crop, "WHAT", "What the input shows.").choices({"frame", "joints"}).source("[ours]"))
      .text(
          "frame is the whole picture. joints is the box around a person's joints, all people at about one size: for a "
          "model that will be given boxes, and for pictures with people of many sizes, which the spatial model can't "
          "know. predict --data then cuts out the same boxes, from the true joints.");
  only(table.add("margin", o.margin, "X", "A person's box is enlarged by this factor.").range(0.5, 4).source("[ours]"));
  only(table.add("banks", o.banks, "N", "Resolutions: full, half, quarter.").range(1, 3).source("[paper, fig. 3]"));
  only(table.add("width", o.channel_share, "X", "Share of the paper's channels.").range(0.01, 4).source("[ours]"))
      .text(
          "1 is the paper's network with 12.4 million parameters and 57.6 billion multiply-adds for a 240x360 picture; "
          "a quarter costs about a fifteenth.");
  only(table.add("merge", o.merge, "WAY", "ReLU of each bank and sum, or the other way.")
           .choices({"relu-sum", "sum-relu"})
           .source("[paper, fig. 3]"));
  only(table.add("coarse", o.coarse, "WAY", "Repeat coarse maps, or compute all positions.")
           .choices({"replicate", "interleave"})
           .source("[paper, fig. 3]"));
  only(table.add("head", o.head, "SIZE", "Kernels of the last two layers.").choices({"1x1", "9x9"}).source("[ours]"));
  only(table.add("lcn-floor", o.lcn_floor, "KIND", "What contrast normalisation divides by at least.")
           .choices({"mean", "constant"})
           .source("[ours]"));
  only(table.add("dropout", o.dropout, "P", "Of the head's maps.").range(0, 0.95).source("[ours]"));
  only(table.add("dropout-kind", o.dropout_kind, "KIND", "Whole maps or single values.")
           .choices({"map", "element"})
           .source("[ours]"));
  only(table.add("batch-norm", o.batch_norm, "Batch normalisation before each ReLU.").source("[ours]"));
  only(table.add("torso", o.torso, "WHERE", "Which part sees the torso's hint.")
           .choices({"auto", "none", "spatial", "detector", "both"})
           .source("[paper §3.2]"))
      .text("auto is spatial if the data has torso boxes, else none.");
  only(table.add("sigma", o.sigma, "CELLS", "Deviation of target maps.").range(0.1, 100).source("[ours]"));
}

void declare_spatial(cli::OptionTable& table, TrainOptions& o) {
  table.group("Spatial model");
  const auto only = [](cli::Option& option) -> cli::Option& { return option.only_with("stage", {"spatial"}); };
  only(table.add("heatmaps", o.heat_maps, "FILE", "Maps of predict --heatmaps to train on.").is_input_path())
      .text("Saves running the detector in each step; augmentation is then mirroring alone.");
  only(table.add("spatial-radius", o.radius, "R", "Kernels are 2R+1 wide; 0: as the maps ask, at most 64.")
           .range(0, 512)
           .source("[paper §3.2]"));
  only(table.add("edges", o.edges, "LIST", "all, no-self, or pairs A|B,A|B.").source("[paper §3.2]"))
      .text(
          "A|B lets evidence for B speak for A; 'wrist|elbow' means both sides. Listed graphs keep each joint's own "
          "evidence.");
  only(table.add("mirror-tie", o.mirror_tie, "Kernels of left and right are mirror images.").source("[ours]"));
  only(table.add("beta", o.beta, "B", "Of softplus.").range(0.1, 10).source("[paper §3.2]"));
  only(table.add("eps", o.eps, "E", "Evidence below it counts as this.").above(0).at_most(0.1).source("[paper §3.2]"));
  const auto share = [&](const char* name, double& to, const char* help) -> cli::Option& {
    return only(table.add(name, to, "C", help).above(0).below(1).source("[ours]"));
  };
  share("background", o.background, "Message without evidence, at first.")
      .text(
          "A message from another part where that part should be is 1 and C far from it: the closer C is to 1, the "
          "less "
          "one part's word counts. Thirteen others at 0.01 drown a joint's own evidence.");
  share("own-background", o.own_background, "The same from the joint itself.");
  share("torso-background", o.torso_background, "The same from the torso.");
  only(table.add("spatial-calibrate", o.calibrate, "ON", "Maps that scale the first kernels.")
           .choices({"detector", "targets"})
           .source("[ours]"));
  table.add("conv", o.conv, "FORM", "How its convolutions are computed.")
      .choices({"auto", "direct", "fft"})
      .source("[ours]")
      .text("auto is fft: it was the faster form for every size of kernel that was measured.")
      .only_with("stage", {"spatial", "joint"});
  table.add("spatial-lr-mult", o.spatial_rate, "X", "Its kernels learn X times as fast.")
      .range(0, 1e4)
      .source("[ours]")
      .only_with("stage", {"spatial", "joint"});
  table.add("aux-weight", o.auxiliary, "W", "Share of the detector's own loss.")
      .range(0, 100)
      .source("[ours]")
      .only_with("stage", {"joint"});
}

void declare_optimization(cli::OptionTable& table, TrainOptions& o) {
  table.group("Training");
  add_steps(table, o.steps).source("[ours]");
  table.add("batch", o.batch, "N", "People in a batch.").range(1, 4096).source("[ours]");
  table.add("loss", o.loss, "KIND", "Squared error, or cross-entropy over cells.")
      .choices({"mse", "ce"})
      .source("[paper §3.1]");
  table.add("fg-weight", o.foreground, "X", "Weight of squared errors at the target's peak.")
      .range(0, 1e4)
      .source("[ours]")
      .only_with("loss", {"mse"});
  table.add("spatial-loss", o.spatial_loss, "KIND", "The same for the spatial model's maps.")
      .choices({"ce", "mse"})
      .source("[ours]")
      .only_with("stage", {"spatial", "joint"})
      .text(
          "ce divides each map by its sum first, the partition function Z of the paper's equation 1: products of many "
          "messages have no scale of their own. mse is the detector's loss.");
  add_optimizer(table, o.optimizer)
      .source("[ours]")
      .default_text("nesterov; from stage spatial on adam")
      .text(
          "Energies of displacements that were rare in the training set have tiny gradients: plain steps hardly move "
          "them.");
  add_learning_rate(table, o.learning_rate).source("[ours]").text("The loss is summed over cells.");
  add_schedule(table, o.schedule).source("[ours]").default_text("a tenth at 60 % and 85 % of the steps");
  add_momentum(table, o.momentum).source("[ours]");
  add_weight_decay(table, o.weight_decay).source("[ours]").text("Of the detector alone.");
  add_clip_norm(table, o.clip_norm).source("[ours]");
}

void declare_augmentation(cli::OptionTable& table, TrainOptions& o) {
  table.group("Augmentation");
  table.add("rotation", o.rotation, "DEG", "Turn by up to this, either way.").range(0, 180).source("[ours]");
  table.add("scale-low", o.scale_low, "X", "Smallest size.").range(0.1, 10).source("[ours]");
  table.add("scale-high", o.scale_high, "X", "Largest size.").range(0.1, 10).source("[ours]");
  table.add("flip", o.flip, "P", "Mirror with this probability, left and right exchanged.")
      .range(0, 1)
      .source("[paper §3.1]");
  table.add("shift", o.shift, "X", "Move by up to this share of the input.").range(0, 0.5).source("[ours]");
  table
      .add("contrast", o.contrast, "X",
           "Change brightness and contrast by up to this; what is too bright or too dark saturates.")
      .range(0, 0.9)
      .source("[ours]");
}

}  // namespace

void declare_train(cli::OptionTable& table, TrainOptions& o) {
  table.group("Data");
  table.add("data", o.data, "FILE", "Annotated people, fovea.poses.").required().is_input_path();
  table.add("images", o.images, "FILE", "Their pictures, fovea.images with the same ids.").required().is_input_path();
  table.add("split", o.split, "NAME", "Whom to train on; empty: all.");
  table.add("validation", o.validation, "NAME", "Split whose detection rates are reported.").default_text("none");
  table.add("stage", o.stage, "STAGE", "Part detector, spatial model, or both together.")
      .choices({"detector", "spatial", "joint"})
      .source("[paper §3.3]");
  table.add("init", o.init, "FILE", "Checkpoint of the stage before.").is_input_path();
  declare_detector(table, o);
  declare_spatial(table, o);
  declare_optimization(table, o);
  declare_augmentation(table, o);
  table.group("Output");
  table.output(o.output, "Checkpoint to write.").required();
  table.add("report-every", o.report_every, "N", "Updates between reports; 0: only at the end.")
      .range(0, 1e9)
      .source("[ours]");
  add_metrics(table, o.metrics);
}

}  // namespace fovea::pose
