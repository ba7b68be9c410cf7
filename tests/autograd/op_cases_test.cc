// Every row of op_cases.cc: gradients against finite differences, fast kernels against the reference, one thread
// against several, the empty batch. And: no op without a row.
#include "autograd/op_cases.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>

#include "autograd/grad_check.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "source_path.h"
#include "tensor/kernels/dispatch.h"

namespace fovea::testing {
namespace {

Tensor draw(const OpInput& input, uint64_t seed) {
  Rng rng(seed, RngPurpose::kTest);
  Tensor out = Tensor::empty(input.shape, DType::kF64);
  const auto order = permutation(out.count(), seed, RngPurpose::kTest, 1);
  const double step = (input.high - input.low) / static_cast<double>(std::max<int64_t>(1, out.count()));
  double* values = out.data<double>();
  for (int64_t i = 0; i < out.count(); ++i) {
    values[i] = input.spaced ? input.low + step * (static_cast<double>(order[static_cast<size_t>(i)]) + 0.5)
                             : rng.uniform(input.low, input.high);
    while (std::abs(values[i]) < input.gap) values[i] = rng.uniform(input.low, input.high);
  }
  return out;
}

std::vector<Tensor> draw_all(const OpCase& row) {
  std::vector<Tensor> inputs;
  for (size_t i = 0; i < row.inputs.size(); ++i) inputs.push_back(draw(row.inputs[i], 11 + i));
  return inputs;
}

// The output and the gradient of each input, from a random upstream gradient.
std::vector<Tensor> run_f32(const OpCase& row, const std::vector<Tensor>& inputs, bool reference, int threads) {
  kernels::use_reference(reference);
  set_thread_count(threads);
  arena::poison_new_blocks(true);
  std::vector<Var> leaves;
  for (const Tensor& input : inputs) leaves.emplace_back(input.to(DType::kF32), true);
  std::vector<Tensor> out;
  {
    const Var y = row.build(leaves);
    out.push_back(y.value());
    backward(y, draw({.shape = y.shape(), .batched = false}, 99).to(DType::kF32));
  }
  for (const Var& leaf : leaves) out.push_back(leaf.grad());
  arena::poison_new_blocks(false);
  kernels::use_reference(false);
  set_thread_count(0);
  return out;
}

double largest_difference(const Tensor& a, const Tensor& b) {
  double size = 1e-3, difference = 0;
  for (int64_t i = 0; i < b.count(); ++i) size = std::max(size, std::abs(b.at(i)));
  for (int64_t i = 0; i < b.count(); ++i) {
    const double d = std::abs(a.at(i) - b.at(i)) / size;
    if (!(d <= difference)) difference = std::isnan(d) ? INFINITY : d;
  }
  return difference;
}

TEST_CASE("operations: gradients agree with central differences in f64") {
  for (const OpCase& row : all_op_cases()) {
    if (!row.small) continue;
    CAPTURE(row.op);
    CAPTURE(row.variant);
    const GradCheckResult result = check_gradients(row.build, draw_all(row));
    CHECK_MESSAGE(result.passed, result.where);
  }
}

TEST_CASE("operations: the fast f32 kernels agree with the reference") {
  for (const OpCase& row : all_op_cases()) {
    CAPTURE(row.op);
    CAPTURE(row.variant);
    const auto inputs = draw_all(row);
    const auto fast = run_f32(row, inputs, false, 1), expected = run_f32(row, inputs, true, 1);
    for (size_t i = 0; i < fast.size(); ++i) {
      CAPTURE(i);
      REQUIRE(fast[i].shape() == expected[i].shape());
      CHECK(largest_difference(fast[i], expected[i]) <= row.tolerance);
    }
  }
}

TEST_CASE("operations: results have the same bits for every thread count") {
  for (const OpCase& row : all_op_cases()) {
    CAPTURE(row.op);
    CAPTURE(row.variant);
    const auto inputs = draw_all(row);
    const auto one = run_f32(row, inputs, false, 1);
    for (const int threads : {2, 5}) {
      const auto several = run_f32(row, inputs, false, threads);
      for (size_t i = 0; i < one.size(); ++i) {
        CAPTURE(i);
        CHECK(std::memcmp(one[i].raw(), several[i].raw(), static_cast<size_t>(one[i].bytes())) == 0);
      }
    }
  }
}

TEST_CASE("operations: an empty batch gives empty results or a clear refusal") {
  for (const OpCase& row : all_op_cases()) {
    CAPTURE(row.op);
    CAPTURE(row.variant);
    for (const DType dtype : {DType::kF32, DType::kF64}) {
      std::vector<Var> leaves;
      for (const OpInput& input : row.inputs) {
        Shape shape = input.shape;
        if (input.batched) shape[0] = 0;
        leaves.emplace_back(Tensor::zeros(shape, dtype), true);
      }
      if (row.empty == EmptyBatch::kRefused) {
        CHECK_THROWS_AS(row.build(leaves), Error);
        continue;
      }
      const Var y = row.build(leaves);
      backward(y, Tensor::full(y.shape(), 1, dtype));
      for (const Var& leaf : leaves) {
        REQUIRE(leaf.grad().defined());
        if (!row.inputs[0].batched) continue;
        for (int64_t i = 0; i < leaf.grad().count(); ++i) CHECK(leaf.grad().at(i) == 0);
      }
    }
  }
}

TEST_CASE("operations: each function of lib/autograd/ops has a row in the table") {
  std::set<std::string> rows;
  for (const OpCase& row : all_op_cases()) rows.insert(row.op);
  const std::regex declaration("^Var (\\w+)\\(");
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(source_path("lib/autograd/ops"))) {
    if (entry.path().extension() != ".h") continue;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      std::smatch match;
      if (!std::regex_search(line, match, declaration)) continue;
      ++found;
      CHECK_MESSAGE(rows.contains(match[1]), "no row for " << match[1]);
    }
  }
  CHECK(found >= 20);
}

TEST_CASE("check_gradients: a wrong backward is found") {
  const auto wrong = [](const std::vector<Var>& v) {
    return record("wrong", v[0].value().clone(), {v[0]}, [x = v[0]](const Tensor& dy) {
      Tensor dx = dy.clone();
      dx.data<double>()[1] *= 1.001;
      x.add_grad(dx);
    });
  };
  const GradCheckResult result = check_gradients(wrong, {Tensor::full({3}, 0.5, DType::kF64)});
  CHECK_FALSE(result.passed);
  CHECK(result.where.substr(0, 18) == "input 0, element 1");
  const auto assigns = [](const std::vector<Var>& v) {
    return record("assigns", v[0].value().clone(), {v[0]},
                  [x = v[0]](const Tensor& dy) { x.node()->grad = dy.clone(); });
  };
  CHECK_FALSE(check_gradients(assigns, {Tensor::full({3}, 0.5, DType::kF64)}).passed);
}

}  // namespace
}  // namespace fovea::testing
