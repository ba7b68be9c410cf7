// Additive attention over the places of an image: e_l = sum_k v_k f(p_lk + q_k), f = tanh or ReLU (Bahdanau et al.
// 2015; Xu et al. 2015, section 3.1.2). Activations are computed again in the backward pass and never stored: for L =
// 196, K = 512, 64 images and 12 steps they would take 294 MiB. Serial: callers run images in parallel.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "tensor/kernels/unary.h"
#include "tensor/tensor.h"

namespace fovea::kernels {

template <typename T>
class AttentionScorer {
 public:
  // p [images,places,units], v [units]. Keeps exp(2p) with the storage of p, for as long as p is not written.
  AttentionScorer(const Tensor& projected, const Tensor& v, Unary activation);

  int64_t places() const { return places_; }
  int64_t units() const { return units_; }

  void scores(int64_t image, const T* q, T* e) const;
  // dq [units] is assigned, dv [units] added to.
  void backward_query(int64_t image, const T* q, const T* de, T* dq, T* dv) const;
  // One (q, de) for each step that looked at the image; dp [places,units] is assigned.
  struct Step {
    const T *q, *de;
  };
  void backward_places(int64_t image, const std::vector<Step>& steps, T* dp) const;

 private:
  bool use_products(int64_t image, const T* q) const;
  void direct_row(const T* p, const T* q, T* sum, T* y) const;

  Tensor projected_, v_;
  Unary activation_;
  int64_t images_, places_, units_;
  std::shared_ptr<const ArenaBlock> table_;  // exp(2p) and, behind it, max |p| of each image; or null
};

// sum_l weights_l rows_l, rows [count,width]; and dots_l = rows_l x.
template <typename T>
void weighted_rows(const T* rows, const T* weights, int64_t count, int64_t width, T* sum);
template <typename T>
void row_dots(const T* rows, const T* x, int64_t count, int64_t width, T* dots);

}  // namespace fovea::kernels
