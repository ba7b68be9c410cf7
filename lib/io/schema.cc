// The table of schemas. On disk: what stands here may be extended (minor version), never changed (major version).
#include "io/schema.h"

#include <algorithm>

#include "base/text.h"

namespace fovea::io {
namespace {

FieldSpec field(std::string_view path, std::string_view type, std::string_view extents, std::string_view axes,
                std::string_view meaning) {
  FieldSpec spec;
  spec.path = path;
  spec.type = type;
  spec.extents = extents;
  spec.axes = axes;
  spec.meaning = meaning;
  return spec;
}

FieldSpec optional(FieldSpec spec) {
  spec.optional = true;
  return spec;
}

FieldSpec finite(FieldSpec spec) {
  spec.finite = true;
  return spec;
}

FieldSpec unique(FieldSpec spec) {
  spec.unique = true;
  return spec;
}

FieldSpec offsets(FieldSpec spec, std::string_view symbol) {
  spec.offsets_into = symbol;
  return spec;
}

// Values low..(symbol - 1).
FieldSpec indices(FieldSpec spec, int64_t low, std::string_view symbol) {
  spec.indices = true;
  spec.low = low;
  spec.high = symbol;
  return spec;
}

SchemaSpec images() {
  SchemaSpec schema;
  schema.name = "fovea.images";
  schema.summary = "image set with labels, objects, captions";
  schema.made_by = "bn-train, rcnn-detect or caption-attend convert";
  schema.joined = {"N", "B", "R", "T"};
  schema.item = "N";
  schema.fields = {
      unique(field("id", "string", "N", "image", "name of the image")),
      optional(field("path", "string", "N", "image", "file of the image, relative to the attribute root_hint")),
      field("size", "int32", "N,2", "image,(height,width)", "extent in pixels"),
      optional(indices(field("label", "int32", "N", "image", "index in label_set, -1 unknown"), -1, "K")),
      optional(field("label_set", "string", "K", "class", "names of the labels and object classes")),
      optional(field("split", "string", "N", "image", "train, val, test, ...")),
      optional(field("pixels", "uint8", "N,H,W,C", "image,y,x,channel", "pixels, where all sizes are equal")),
      optional(offsets(field("encoded/offsets", "int64", "N+1", "image", "first byte of each image in encoded/values"),
                       "B")),
      optional(field("encoded/values", "uint8", "B", "byte", "JPEG or PNG files, one after another")),
      optional(offsets(field("objects/offsets", "int64", "N+1", "image", "first object of each image"), "R")),
      optional(finite(
          field("objects/box", "float32", "R,4", "object,(x1,y1,x2,y2)", "bounding box, xyxy_inclusive_0based"))),
      optional(indices(field("objects/class", "int32", "R", "object", "index in label_set"), 0, "K")),
      optional(field("objects/difficult", "uint8", "R", "object", "1 = not counted in evaluation")),
      optional(field("objects/truncated", "uint8", "R", "object", "1 = the object goes on outside its box")),
      optional(offsets(field("captions/offsets", "int64", "N+1", "image", "first caption of each image"), "T")),
      optional(field("captions/text", "string", "T", "caption", "caption")),
  };
  schema.attributes = {
      {"/", "channel_order", "string", true, "RGB"},
      {"/", "root_hint", "string", true, "directory that path is relative to"},
  };
  return schema;
}

SchemaSpec features() {
  SchemaSpec schema;
  schema.name = "fovea.features";
  schema.summary = "activations of a network layer";
  schema.made_by = "rcnn-detect features or caption-attend features";
  schema.joined = {"R", "N"};
  schema.item = "R";
  schema.fields = {
      optional(field("item_id", "string", "R", "item", "name of the item")),
      optional(field("image_id", "string", "N", "image", "name of the image, for regions")),
      optional(field("image_size", "int32", "N,2", "image,(height,width)", "extent in pixels")),
      optional(offsets(field("regions/offsets", "int64", "N+1", "image", "first region of each image"), "R")),
      optional(finite(field("regions/box", "float32", "R,4", "region,(x1,y1,x2,y2)", "box, xyxy_inclusive_0based"))),
      optional(indices(field("regions/object", "int32", "R", "region",
                             "index among the image's objects for true boxes, -1 for proposals"),
                       -1, "")),
      finite(field("features", "float32|float16", "R,...", "item,feature",
                   "features (R,D), maps (R,h,w,C) or grids (R,L,D)")),
  };
  schema.attributes = {
      {"/", "layer", "string", true, "layer of the network"},
      {"/", "network_hash", "string", true, "content hash of the checkpoint"},
      {"/", "preprocess", "string", true, "JSON: size, mean, std, warp, padding"},
      {"features", "grid", "int32[2]", true, "h, w of grid features"},
  };
  return schema;
}

SchemaSpec proposals() {
  SchemaSpec schema;
  schema.name = "fovea.proposals";
  schema.summary = "region proposals of images, best first";
  schema.made_by = "rcnn-propose run";
  schema.joined = {"N", "R", "M"};
  schema.item = "N";
  schema.fields = {
      unique(field("image_id", "string", "N", "image", "name of the image")),
      field("image_size", "int32", "N,2", "image,(height,width)", "extent in pixels"),
      offsets(field("regions/offsets", "int64", "N+1", "image", "first region of each image"), "R"),
      finite(field("regions/box", "float32", "R,4", "region,(x1,y1,x2,y2)", "bounding box, xyxy_inclusive_0based")),
      optional(finite(field("regions/score", "float32", "R", "region",
                            "larger is better; the regions of an image are sorted by it"))),
      optional(offsets(field("masks/offsets", "int64", "R+1", "region", "first run of each region"), "M")),
      optional(field("masks/runs", "uint32", "M", "run",
                     "run lengths inside the box, row by row, beginning with a run outside the region; they add up to "
                     "the box's area")),
  };
  schema.attributes = {
      {"/", "strategy", "string", true, "how the regions were found"},
      {"regions/box", "box_convention", "string", true, "xyxy_inclusive_0based"},
  };
  return schema;
}

SchemaSpec detections() {
  SchemaSpec schema;
  schema.name = "fovea.detections";
  schema.summary = "scored boxes with classes";
  schema.made_by = "rcnn-detect detect";
  schema.joined = {"N", "R"};
  schema.item = "N";
  schema.fields = {
      unique(field("image_id", "string", "N", "image", "name of the image")),
      field("image_size", "int32", "N,2", "image,(height,width)", "extent in pixels"),
      offsets(field("detections/offsets", "int64", "N+1", "image", "first detection of each image"), "R"),
      finite(
          field("detections/box", "float32", "R,4", "detection,(x1,y1,x2,y2)", "bounding box, xyxy_inclusive_0based")),
      indices(field("detections/class", "int32", "R", "detection", "index in class_names"), 0, "K"),
      finite(field("detections/score", "float32", "R", "detection", "larger is surer")),
      optional(indices(
          field("detections/proposal", "int32", "R", "detection", "index among the image's proposals, -1 unknown"), -1,
          "")),
      unique(field("class_names", "string", "K", "class", "names of the classes")),
  };
  schema.attributes = {{"detections/box", "box_convention", "string", true, "xyxy_inclusive_0based"}};
  return schema;
}

SchemaSpec captions() {
  SchemaSpec schema;
  schema.name = "fovea.captions";
  schema.summary = "generated captions with the attention under which each word was written";
  schema.made_by = "caption-attend predict";
  schema.joined = {"N", "C", "T"};
  schema.item = "N";
  schema.fields = {
      unique(field("image_id", "string", "N", "image", "name of the image")),
      offsets(field("captions/offsets", "int64", "N+1", "image", "first caption of each image, best first"), "C"),
      field("captions/text", "string", "C", "caption", "the words joined by blanks, without <end>"),
      finite(field("captions/logprob", "float64", "C", "caption", "sum of the log-probabilities of the tokens")),
      indices(field("captions/beam_rank", "int32", "C", "caption", "0 = best of its image"), 0, ""),
      offsets(field("tokens/offsets", "int64", "C+1", "caption", "first token of each caption"), "T"),
      indices(field("captions/tokens", "int32", "T", "token", "index in vocabulary; 0 ends a caption"), 0, "V"),
      optional(finite(field("attention", "float32", "T,L", "token,place",
                            "weight of each place, row by row of the grid, when the token was written"))),
      optional(finite(field("gate", "float32", "T", "token", "beta: how much of the context was let through"))),
      unique(field("vocabulary", "string", "V", "word", "0 <end>, 1 <unk>, words")),
  };
  schema.attributes = {
      {"/", "kind", "string", false, "soft, hard, none or none-init"},
      {"/", "beam", "int64", false, "hypotheses kept, 0 = sampled"},
      {"/", "length_norm", "int64", false, "1 = ranked by log-probability per word"},
      {"/", "preprocess", "string", true, "JSON of the features: how the grid lies on the picture"},
      {"attention", "grid", "int32[2]", true, "rows, columns"},
  };
  return schema;
}

SchemaSpec checkpoint() {
  SchemaSpec schema;
  schema.name = "fovea.checkpoint";
  schema.summary = "a network, its parameters, the state of its training";
  schema.made_by = "the train commands";
  schema.fields = {
      field("model/network", "string", "", "scalar", "text of the network, first line fovea-net 1"),
      optional(field("model/preprocess", "string", "", "scalar", "JSON: input size, channel order, mean, std")),
      finite(optional(field("model/<layer...>/<parameter>", "float32", "...", "out,in,kh,kw",
                            "weight, bias, gamma, beta, running_mean, running_var, ..."))),
      optional(
          field("detector/settings", "string", "", "scalar", "JSON: features, scale, classes of an object detector")),
      finite(optional(field("detector/<name...>", "float64", "...", "as named", "its SVMs and box regressors"))),
      optional(
          field("adversary/settings", "string", "", "scalar", "JSON: method and threat model of adversarial training")),
      optional(field("adversary/network", "string", "", "scalar", "text of the generator of perturbations")),
      finite(optional(field("adversary/generator/<layer...>/<parameter>", "float32", "...", "out,in,kh,kw",
                            "its parameters; noise/z of a universal one"))),
      optional(
          field("pose/settings", "string", "", "scalar", "JSON: joints, input, spatial model of a pose estimator")),
      finite(optional(field("optimizer/<slot>/<layer...>/<parameter>", "float32", "...", "as the parameter",
                            "state of the optimiser: momentum, m, v, cache"))),
      optional(
          field("training/rng", "uint64", "*", "word", "state of the random number generator, attribute algorithm")),
      optional(field("training/sampler", "uint64", "*", "word", "epoch key, position")),
      optional(field("training/log/step", "int64", "S", "report", "step of each report")),
      optional(
          field("training/log/<column>", "float64", "S", "report", "one quantity of the training log, NaN = absent")),
      optional(field("training/arrays/<name...>", "float64", "...", "as named",
                     "what a system records beside the log, e.g. percentiles")),
      optional(field("labels", "string", "*", "class", "names of the classes; ImageNet has two cranes")),
      optional(unique(field("vocabulary", "string", "*", "word", "0 <end>, 1 <unk>, words"))),
      optional(unique(field("joint_names", "string", "*", "joint", "names of the joints"))),
  };
  schema.attributes = {
      {"optimizer", "name", "string", true, "sgd, adam, ..."},
      {"optimizer", "step", "int64", true, "updates so far"},
      {"optimizer", "lr", "float64", true, "learning rate of the next step"},
      {"optimizer", "schedule", "string", true, "JSON"},
      {"training", "epoch", "int64", true, "epochs begun"},
      {"training", "step", "int64", true, "steps done"},
      {"training/rng", "algorithm", "string", true, "philox4x32-10"},
  };
  return schema;
}

SchemaSpec adversarial() {
  SchemaSpec schema;
  schema.name = "fovea.adversarial";
  schema.summary = "images, their perturbed twins, and what a network said";
  schema.made_by = "advgen-train attack";
  schema.joined = {"N"};
  schema.item = "N";
  const std::string_view axes = "image,y,x,channel";
  schema.fields = {
      unique(field("id", "string", "N", "image", "name of the image")),
      indices(field("label", "int32", "N", "image", "true class, -1 unknown"), -1, "K"),
      optional(field("label_set", "string", "K", "class", "names of the classes")),
      optional(indices(field("target", "int32", "N", "image", "class aimed at"), -1, "K")),
      optional(finite(field("original", "float32|uint8", "N,H,W,C", axes, "image as it was; float32 in 0..1"))),
      finite(field("adversarial", "float32|uint8", "N,H,W,C", axes, "perturbed image; float32 in 0..1")),
      optional(field("prediction_before", "int32", "N", "image", "class of the original")),
      optional(field("prediction_after", "int32", "N", "image", "class of the perturbed image")),
      optional(field("confidence_before", "float32", "N", "image", "its probability")),
      optional(field("confidence_after", "float32", "N", "image", "its probability")),
      optional(field("linf", "float32", "N", "image", "greatest difference, scale 0..1")),
      optional(field("l2", "float32", "N", "image", "Euclidean difference, scale 0..1")),
  };
  schema.attributes = {
      {"/", "attack", "string", true, "method"},
      {"/", "epsilon", "float64", true, "bound of the perturbation, scale 0..1"},
      {"/", "norm", "string", true, "linf or l2"},
      {"/", "value_range", "int32[2]", true, "0, 1"},
      {"/", "victim_hash", "string", true, "content hash of the attacked checkpoint"},
  };
  return schema;
}

SchemaSpec poses() {
  SchemaSpec schema;
  schema.name = "fovea.poses";
  schema.summary = "people with body joints, annotated or predicted";
  schema.made_by = "pose-estimate convert or pose-estimate predict";
  schema.joined = {"N", "P"};
  schema.item = "N";
  FieldSpec image = indices(field("image", "int32", "P", "person", "index of the person's image"), 0, "N");
  image.rebase = "N";
  schema.fields = {
      unique(field("image_id", "string", "N", "image", "name of the image")),
      optional(field("image_size", "int32", "N,2", "image,(height,width)", "extent in pixels")),
      image,
      field("joint_xy", "float32", "P,K,2", "person,joint,(x,y)", "pixel centres, 0-based, in the image; NaN = absent"),
      field("joint_state", "uint8", "P,K", "person,joint", "0 absent, 1 occluded, 2 visible"),
      optional(field("joint_score", "float32", "P,K", "person,joint", "peak of the joint's heat map")),
      optional(field("detector_xy", "float32", "P,K,2", "person,joint,(x,y)", "position before the spatial model")),
      optional(field("detector_score", "float32", "P,K", "person,joint", "peak before the spatial model")),
      optional(field("torso_box", "float32", "P,4", "person,(x1,y1,x2,y2)", "xyxy_inclusive_0based, NaN = unknown")),
      optional(field("head_box", "float32", "P,4", "person,(x1,y1,x2,y2)", "xyxy_inclusive_0based, NaN = unknown")),
      optional(field("split", "string", "P", "person", "train, val, test, ...")),
      unique(field("joint_names", "string", "K", "joint", "names of the joints")),
      indices(
          field("flip_pairs", "int32", "F,2", "pair,(left,right)", "joints that change places in a mirrored picture"),
          0, "K"),
      indices(field("edges", "int32", "E,2", "limb,(from,to)", "limbs"), 0, "K"),
  };
  schema.attributes = {{"/", "side", "string", false, "person or observer: whose left and right the names mean"}};
  return schema;
}

SchemaSpec heat_maps() {
  SchemaSpec schema;
  schema.name = "fovea.heatmaps";
  schema.summary = "heat maps of joints, before and after the spatial model";
  schema.made_by = "pose-estimate predict --heatmaps";
  schema.joined = {"P"};
  schema.item = "P";
  schema.fields = {
      unique(field("item_id", "string", "P", "person", "image, and number of the person in it")),
      finite(field("detector", "float32", "P,K,H,W", "person,joint,y,x", "maps of the part detector")),
      optional(finite(field("spatial", "float32", "P,K,H,W", "person,joint,y,x", "maps of the spatial model"))),
      optional(finite(field("torso", "float32", "P,H,W", "person,y,x", "map of the torso's hint"))),
      finite(field("affine", "float64", "P,2,3", "person,(x,y),(x,y,1)", "from map cells to pixels of the image")),
      unique(field("joint_names", "string", "K", "joint", "names of the joints")),
  };
  return schema;
}

SchemaSpec log_table() {
  SchemaSpec schema;
  schema.name = "fovea.log";
  schema.summary = "the training log as columns";
  schema.made_by = "bn-train convert --from log";
  schema.fields = {
      field("step", "int64", "S", "report", "step of each report"),
      optional(field("<column>", "float64", "S", "report", "one quantity, NaN = absent")),
  };
  return schema;
}

// "<x>" in the pattern stands for one path component, "<x...>" for one or more (layer names may hold slashes); returns
// how many components did so, -1 if no match.
int match(std::string_view pattern, std::string_view path) {
  std::vector<std::string> wanted = split(pattern, '/');
  const std::vector<std::string> given = split(path, '/');
  for (size_t i = 0; i < wanted.size() && wanted.size() < given.size(); ++i) {
    if (wanted[i].ends_with("...>"))
      wanted.insert(wanted.begin() + static_cast<std::ptrdiff_t>(i), given.size() - wanted.size(), "<more>");
  }
  if (wanted.size() != given.size()) return -1;
  int wild = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].starts_with('<')) {
      ++wild;
    } else if (wanted[i] != given[i]) {
      return -1;
    }
  }
  return wild;
}

}  // namespace

const std::vector<SchemaSpec>& schemas() {
  static const std::vector<SchemaSpec> table{images(),     proposals(),   features(), detections(), captions(),
                                             checkpoint(), adversarial(), poses(),    heat_maps(),  log_table()};
  return table;
}

const SchemaSpec* find_schema(std::string_view name) {
  for (const SchemaSpec& schema : schemas()) {
    if (schema.name == name) return &schema;
  }
  return nullptr;
}

const FieldSpec* find_field(const SchemaSpec& schema, std::string_view path) {
  const FieldSpec* best = nullptr;
  int best_wild = 0;
  for (const FieldSpec& spec : schema.fields) {
    const int wild = match(spec.path, path);
    if (wild >= 0 && (best == nullptr || wild < best_wild)) {
      best = &spec;
      best_wild = wild;
    }
  }
  return best;
}

std::vector<std::string> schema_order(const SchemaSpec* schema, std::vector<std::string> paths) {
  std::vector<std::pair<size_t, std::string>> keyed;
  for (std::string& path : paths) {
    const FieldSpec* spec = schema != nullptr ? find_field(*schema, path) : nullptr;
    const size_t rank = spec != nullptr ? static_cast<size_t>(spec - schema->fields.data()) : ~size_t{0};
    keyed.emplace_back(rank, std::move(path));
  }
  std::sort(keyed.begin(), keyed.end());
  std::vector<std::string> sorted;
  for (auto& [rank, path] : keyed) sorted.push_back(std::move(path));
  return sorted;
}

}  // namespace fovea::io
