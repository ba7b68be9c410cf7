// A feed-forward network built from its text: shapes inferred, parameters owned, activations fused where nobody looks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nn/layer.h"
#include "nn/net_text.h"

namespace fovea::nn {

// The `input` line: what a pixel becomes. x = (pixel - mean) / std, pixel 0..255; with a threshold the pixel is first
// replaced by 1 (above it) or 0.
struct InputSpec {
  int64_t height = 0, width = 0, channels = 0;
  std::vector<float> mean, stddev;  // one per channel, in network channel order
  bool bgr = false;
  int threshold = -1;  // -1 = off
};

// Parameters and buffers in file order: weights (out,in,kh,kw), of deconv (in,out,kh,kw), and (out,in) with `in` in
// Caffe's CHW order.
struct Array {
  std::string layer, name;
  Shape shape;
  std::vector<float> values;
};

class Network {
 public:
  explicit Network(NetText text, DType dtype = DType::kF32);
  Network(Network&&) noexcept;
  Network& operator=(Network&&) noexcept;
  ~Network();

  const NetText& text() const;
  const InputSpec& input() const;
  DType dtype() const;
  const ItemShape& output_shape() const;
  const ItemShape& shape_of(const std::string& layer) const;  // throws Error(kUsage) with the nearest name
  void initialize(uint64_t seed);

  // x [N,H,W,C] -> the last layer's output [N,...]. Throws Error(kData) if x does not fit the input line
  // (other H and W are allowed as long as every dense layer still fits).
  Var forward(const Var& x, const PassContext& context);
  // Stops at `layer` and returns its output.
  Var forward_to(const std::string& layer, const Var& x, const PassContext& context);

  // Parameters in layer order. Pointers stay valid while the network lives.
  std::vector<Parameter*> parameters();
  std::vector<Buffer*> buffers();
  void clear_gradients();
  Layer* find_layer(const std::string& name);  // null if absent

  std::vector<Array> export_arrays() const;
  // All arrays must match by name and shape. Throws Error(kData) naming `origin`, the array, expected and found.
  void import_arrays(const std::vector<Array>& arrays, const std::string& origin);

  int64_t parameter_count() const;  // trained values, gamma and beta included
  int64_t multiply_adds() const;    // of one item
  std::string describe() const;     // a table: layer, kind, output, parameters; for --dry-run

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fovea::nn
