#include "train/data_parallel.h"

#include <doctest/doctest.h>

#include <vector>

#include "autograd/ops/arithmetic.h"

namespace fovea::train {

// What several ranks do is tested by tests/cluster/mpi_test.sh.
TEST_CASE("data parallel: one process has the whole batch and a plain backward pass") {
  const Share share(int64_t{5});
  CHECK(share.count() == 5);
  CHECK(share.weight() == 1);
  CHECK(share.of(std::vector<int>{3, 1, 4, 1, 5}) == std::vector<int>{3, 1, 4, 1, 5});
  CHECK(share.mean(2.5) == 2.5);
  check_batch(1);
  CHECK(mask_stream() == 0);

  nn::Parameter parameter{"layer", "weight", Var(Tensor::full({1}, 3), true)};
  GradientExchange exchange({&parameter});
  exchange.backward(ops::scale(parameter.var, 2), share);
  CHECK(parameter.var.grad().item() == 2);
}

}  // namespace fovea::train
