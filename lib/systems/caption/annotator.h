// From pictures to annotation vectors: a convolutional map of a network, place by place (Xu et al. 2015,
// section 3.1.1).
#pragma once

#include <cstdint>
#include <string>

#include "data/dataset.h"
#include "io/grid_features_file.h"
#include "train/model.h"

namespace fovea::caption {

// The layer behind `name` and behind the batch_norm and relu layers that alone read it. Empty: what the last max_pool
// before the first dense layer reads (conv5_4 of VGG-19, conv5_3 of VGG-16), rectified. Throws Error(kUsage) naming the
// nearest layer, or, without a dense layer, asking for a name.
std::string resolve_annotation_layer(const nn::NetText& net, const std::string& name);

class Annotator {
 public:
  // `preprocess` says how a picture becomes the net's input; its size may differ from the net's own. Throws
  // Error(kUsage) if the layer gives no map. A layer "NAME+position" has the row and the column of each place, -1..1,
  // behind its map: networks that end in a global pooling hardly know where something is, and relations need it (ours).
  Annotator(train::Model model, const std::string& layer, const data::Preprocess& preprocess);

  const io::GridLayout& layout() const { return layout_; }
  const train::Model& model() const { return model_; }
  // out [count,L,D] of these pictures; a picture's vectors do not depend on its neighbours.
  void annotate(const data::ImageSource& source, int64_t begin, int64_t end, float* out);

 private:
  void add_positions(const float* map, float* out) const;  // [L,D-2] to [L,D]

  train::Model model_;
  data::Preprocess preprocess_;
  std::string layer_;
  bool with_position_ = false;
  io::GridLayout layout_;
};

}  // namespace fovea::caption
