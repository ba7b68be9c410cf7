// The classifier under attack, as a function of pixels in [0,1]. The normalisation to network units is its first layer,
// so that perturbations and their norms are in pixel units (spec section 7; pitfall 7).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "autograd/ops/adversarial.h"
#include "data/dataset.h"
#include "nn/network.h"

namespace fovea::advgen {

// The bits of a matrix product may depend on how many rows it has, in the last place, and a gradient's sign with them.
enum class BatchShape {
  kAsGiven,  // training: every batch has one size
  kFixed,    // attacks: pieces of 64, the last one filled up, so that an image's result does not depend on its company
};

class Victim {
 public:
  // `network` must outlive it. Throws Error(kData) naming `origin` for a preprocessing with a threshold: it has no
  // gradient.
  Victim(nn::Network& network, const data::Preprocess& preprocess, const std::string& origin,
         BatchShape shape = BatchShape::kFixed);

  int64_t classes() const { return classes_; }
  nn::Network& network() const { return network_; }

  // x [N,H,W,C] in [0,1], RGB -> logits [N,K]. Inference unless the context says otherwise.
  Var logits(const Var& x, const nn::PassContext& context = nn::PassContext::inference()) const;
  // The same in pieces of bounded size, without a tape.
  Tensor logits(const Tensor& x) const;

  struct Gradient {
    Tensor logits;  // [N,K]
    Tensor losses;  // [N]
    Tensor dx;      // [N,H,W,C], the derivative of each image's own loss: no mean over the batch
  };
  // The parameters are left alone: they need no gradient and get none.
  Gradient gradient(const Tensor& x, std::span<const int32_t> labels, ops::LogitLoss loss, double kappa = 0) const;

 private:
  Gradient gradient_of(const Tensor& x, std::span<const int32_t> labels, ops::LogitLoss loss, double kappa) const;

  nn::Network& network_;
  BatchShape shape_;
  std::vector<double> scale_, offset_;  // per network channel: (255 x - mean) / std
  bool bgr_ = false;
  int64_t classes_ = 0;
};

// The class of the largest logit, the lower one of equals. logits [N,K].
std::vector<int32_t> predictions(const Tensor& logits);
// The class of the smallest logit, the lower one of equals: the farthest that a targeted attack can be sent.
std::vector<int32_t> least_likely(const Tensor& logits);

}  // namespace fovea::advgen
