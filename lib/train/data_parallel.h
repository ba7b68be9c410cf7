// Training by several processes: each computes the gradients of its share of every batch, their sum is what all of them
// step with, and so all hold the same weights at all times. With one process nothing of this happens. A batch is as
// large as without it: the number of ranks changes the speed, not the recipe. What does depend on it, besides rounding,
// is what a rank knows of its share alone: the statistics of batch_norm (Ioffe & Szegedy 2015 train so; see
// nn::PassContext::sum_statistics for those of the whole batch), dropout masks, and sums that reports show.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "autograd/var.h"
#include "base/ranks.h"
#include "nn/layer.h"

namespace fovea::train {

// Throws Error(kUsage) if batches of `items` leave a rank without any: for the size that the user gives.
void check_batch(int64_t items);

// What this rank computes of a batch: every n-th item, so that batches in some order (captions by length, objects
// before background) are shared evenly. Of a batch with fewer items than ranks (the last of its kind) every rank
// computes all.
class Share {
 public:
  explicit Share(int64_t items);
  explicit Share(size_t items) : Share(static_cast<int64_t>(items)) {}

  int64_t count() const { return (items_ - begin_ + stride_ - 1) / stride_; }
  double weight() const { return weight_; }  // of a mean over these items in the mean over the batch

  template <typename T>
  std::vector<T> of(const std::vector<T>& batch) const {
    std::vector<T> own;
    own.reserve(static_cast<size_t>(count()));
    for (int64_t i = begin_; i < items_; i += stride_) own.push_back(batch[static_cast<size_t>(i)]);
    return own;
  }

  // Sum over ranks of weight() * value: the mean over the whole batch. Non-finite on all ranks if it is on one.
  double mean(double value) const;

 private:
  int64_t items_, begin_ = 0, stride_ = 1;
  double weight_ = 1;
};

// The stream of random numbers for masks that must differ from rank to rank; 0 in a job of one process.
uint64_t mask_stream();

// nn::PassContext::training() of this rank: with masks of its own, and, if `whole_batch`, the statistics of the batch
// instead of those of its share.
nn::PassContext training_pass(uint64_t seed, int64_t step, bool whole_batch = false);

// The gradients of a set of parameters, summed over ranks while the backward pass goes on. Besides them, the moving
// averages of `averaged` become their means over ranks.
class GradientExchange {
 public:
  explicit GradientExchange(std::vector<nn::Parameter*> parameters, std::vector<nn::Buffer*> averaged = {});

  // backward() from a mean over this rank's share of a batch. REQUIRES gradients cleared before.
  void backward(const Var& loss, const Share& share);

 private:
  struct Piece {                   // consecutive parameters that travel together
    size_t first = 0;              // of chosen_
    size_t offset = 0, count = 0;  // of values_: their gradients, then for each how many ranks have one
    size_t missing = 0;
  };

  void lay_out();
  void put(size_t chosen);
  void send_complete(bool all);
  void take_back();
  void average_buffers();

  std::vector<nn::Parameter*> parameters_;
  std::vector<nn::Buffer*> averaged_;
  std::vector<nn::Parameter*> chosen_;  // those that are trained now, in the order in which gradients come
  std::vector<size_t> offsets_;         // of each gradient
  std::vector<size_t> piece_of_;
  std::vector<Piece> pieces_;
  size_t next_piece_ = 0;
  std::vector<float> values_, statistics_;
};

}  // namespace fovea::train
