// Kernels of the spatial model: convolutions of every evidence map with a kernel as large as the map for every output,
// and the product over the evidence. Tompson et al. 2014, section 3.2; see autograd/ops/spatial.h for the formulas.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "tensor/tensor.h"

namespace fovea::kernels {

// Evidence [N,h,w,V], kernel [A,V,k,k] with k odd, bias [A,V], output [N,h,w,A].
struct SpatialGeometry {
  int64_t n = 0, h = 0, w = 0, parts = 0, outputs = 0, radius = 0;
  double beta = 1, eps = 1e-3;
  std::vector<uint8_t> edges = {};  // [A,V], 0 = this pair does not exist; empty = all exist

  bool has_edge(int64_t a, int64_t v) const { return edges.empty() || edges[static_cast<size_t>(a * parts + v)] != 0; }
  // Displacements beyond these never touch the map.
  int64_t radius_y() const { return radius < h - 1 ? radius : h - 1; }
  int64_t radius_x() const { return radius < w - 1 ? radius : w - 1; }
};

// What backward needs of the forward pass. Messages are t = P * q + c, in the layout of the form that made them.
struct SpatialState {
  Tensor messages, evidence_spectra;
  std::shared_ptr<const ArenaBlock> kernel_spectra;
};

struct SpatialGradients {
  Tensor evidence, kernel, bias;  // undefined if not wanted
};
struct SpatialWanted {
  bool evidence = false, kernel = false, bias = false;
};

// `state` may be null: nothing is kept. `fft` only for float32 on the fast path.
Tensor spatial_forward(const SpatialGeometry& geometry, bool fft, const Tensor& evidence, const Tensor& kernel,
                       const Tensor& bias, SpatialState* state);
SpatialGradients spatial_backward(const SpatialGeometry& geometry, bool fft, const Tensor& evidence,
                                  const Tensor& kernel, const Tensor& bias, const Tensor& y, const Tensor& dy,
                                  const SpatialState& state, SpatialWanted wanted);

namespace detail {
Tensor spatial_forward_fft(const SpatialGeometry& geometry, const Tensor& evidence, const Tensor& kernel,
                           const Tensor& bias, SpatialState* state);
SpatialGradients spatial_backward_fft(const SpatialGeometry& geometry, const Tensor& evidence, const Tensor& kernel,
                                      const Tensor& bias, const Tensor& y, const Tensor& dy, const SpatialState& state,
                                      SpatialWanted wanted);
}  // namespace detail

}  // namespace fovea::kernels
