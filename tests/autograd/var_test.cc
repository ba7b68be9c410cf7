#include "autograd/var.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "autograd/ops/arithmetic.h"
#include "autograd/ops/conv.h"
#include "autograd/ops/norm.h"
#include "autograd/ops/pool.h"
#include "autograd/ops/softmax_loss.h"

namespace fovea {
namespace {

Var leaf(std::initializer_list<double> values) {
  return Var(Tensor::from<double>({static_cast<int64_t>(values.size())}, std::vector<double>(values)), true);
}

}  // namespace

TEST_CASE("backward: a value used twice gets both gradients") {
  const Var x = leaf({3});
  const Var y = ops::multiply(x, x);           // x^2
  backward(ops::add(y, ops::multiply(y, x)));  // x^2 + x^3
  CHECK(x.grad().item() == doctest::Approx(2 * 3 + 3 * 9));
}

TEST_CASE("backward: gradients add up over passes until they are cleared") {
  Var x = leaf({2});
  backward(ops::scale(x, 5));
  backward(ops::scale(x, 5));
  CHECK(x.grad().item() == 10);
  x.clear_grad();
  CHECK_FALSE(x.grad().defined());
}

TEST_CASE("backward: a leaf is told of once, when its gradient is complete and others are not") {
  const Var early = leaf({2}), late = leaf({3}), unused = leaf({1});
  Var frozen = leaf({4});
  frozen.set_needs_grad(false);
  std::vector<std::string> told;
  const Var below = ops::multiply(ops::multiply(early, early), frozen);  // 4 x^2
  backward(ops::multiply(below, late), {}, [&](const detail::Node& node) {
    const bool is_late = &node == late.node().get();
    told.push_back(is_late ? "late" : &node == early.node().get() ? "early" : "other");
    if (is_late) {
      CHECK(late.grad().item() == 16);
      CHECK_FALSE(early.grad().defined());
    } else {
      CHECK(early.grad().item() == 48);
    }
  });
  CHECK(told == std::vector<std::string>{"late", "early"});
  CHECK_FALSE(unused.grad().defined());
}

TEST_CASE("backward: leaves own their gradients, although add() hands the same one to both sides") {
  Var a = leaf({1}), b = leaf({2});
  backward(ops::add(a, b));
  a.mutable_grad().fill(7);
  CHECK(b.grad().item() == 1);
  // The shared upstream gradient of an intermediate value is not changed by a later addition.
  Var c = leaf({1}), d = leaf({1});
  const Var p = ops::scale(c, 1), q = ops::scale(d, 1);
  const Var s = ops::add(p, q);
  backward(ops::add(s, ops::scale(p, 10)));
  CHECK(c.grad().item() == 11);
  CHECK(d.grad().item() == 1);
}

TEST_CASE("backward: frozen leaves get no gradient, and nothing is recorded without need") {
  const Var data(Tensor::full({1}, 2, DType::kF64));
  Var frozen = leaf({3});
  frozen.set_needs_grad(false);
  const Var trained = leaf({4});
  backward(ops::multiply(ops::multiply(data, frozen), trained));
  CHECK_FALSE(frozen.grad().defined());
  CHECK(trained.grad().item() == 6);
  const Var product = ops::multiply(data, frozen);
  CHECK_FALSE(product.needs_grad());
  CHECK(product.node()->inputs.empty());
}

TEST_CASE("NoGrad: nothing is recorded while it lives") {
  const Var x = leaf({3});
  {
    const NoGrad no_grad;
    CHECK_FALSE(ops::scale(x, 2).needs_grad());
    CHECK_FALSE(recording({&x}));
  }
  CHECK(ops::scale(x, 2).needs_grad());
  CHECK(recording({&x}));
}

TEST_CASE("backward: closures and intermediate values are dropped on the way") {
  const Var x = leaf({3});
  const auto witness = std::make_shared<int>(0);
  const Var y = record("probe", x.value().clone(), {x}, [x, witness](const Tensor& dy) { x.add_grad(dy.clone()); });
  const Var z = ops::scale(y, 2);
  CHECK(witness.use_count() == 2);
  backward(z);
  CHECK(witness.use_count() == 1);
  CHECK_FALSE(y.grad().defined());
  CHECK(x.grad().item() == 2);
}

TEST_CASE("backward: a long chain does not exhaust the stack") {
  const Var x = leaf({1});
  Var y = x;
  for (int i = 0; i < 20000; ++i) y = ops::scale(y, 1);
  backward(y);
  CHECK(x.grad().item() == 1);
}

TEST_CASE("backward: wrong shapes and values without gradient are refused") {
  const Var x = leaf({1, 2});
  CHECK_THROWS_AS(backward(ops::scale(x, 2)), Error);  // not a scalar
  CHECK_THROWS_AS(x.add_grad(Tensor::zeros({3}, DType::kF64)), Error);
  CHECK_THROWS_AS(backward(Var(Tensor::zeros({1}))), Error);
}

TEST_CASE("max_pool: ties go to the first cell, NaN is not hidden") {
  const Var x(Tensor::from<float>({1, 2, 2, 1}, std::array{5.0F, 5.0F, 5.0F, 1.0F}), true);
  backward(ops::max_pool(x, {}), Tensor::full({1, 1, 1, 1}, 1));
  CHECK(x.grad().at(0) == 1);
  CHECK(x.grad().at(1) == 0);
  const Var y(Tensor::from<float>({1, 2, 2, 1}, std::array{5.0F, std::nanf(""), 7.0F, 1.0F}));
  CHECK(std::isnan(ops::max_pool(y, {}).value().item()));
}

TEST_CASE("pool_output_extent: Caffe's rounding") {
  CHECK(ops::pool_output_extent(112, 0, 0, 3, 2, true) == 56);  // GoogLeNet, pool 1
  CHECK(ops::pool_output_extent(112, 0, 0, 3, 2, false) == 55);
  CHECK(ops::pool_output_extent(55, 0, 0, 3, 2, true) == 27);  // AlexNet, both roundings agree
  CHECK(ops::pool_output_extent(55, 0, 0, 3, 2, false) == 27);
  CHECK(ops::pool_output_extent(4, 1, 1, 2, 3, true) == 2);  // a third window would start in the padding
  CHECK_THROWS_AS(ops::pool_output_extent(2, 0, 0, 3, 1, false), Error);
}

TEST_CASE("operations: bad input is a data error that names the op and the shapes") {
  const auto kind_of = [](auto&& call) {
    try {
      call();
    } catch (const Error& error) {
      return std::pair{error.kind(), std::string(error.what())};
    }
    return std::pair{ErrorKind::kInternal, std::string("no error")};
  };
  const Var x(Tensor::zeros({1, 4, 4, 3})), w(Tensor::zeros({2, 5, 3, 3}));
  const auto [conv_kind, conv_text] = kind_of([&] { ops::conv2d(x, w, {}, {}); });
  CHECK(conv_kind == ErrorKind::kData);
  CHECK(conv_text == "conv2d: shapes [1,4,4,3] and [2,5,3,3] do not fit");
  const std::array<int32_t, 2> labels{0, 3};
  const auto [label_kind, label_text] = kind_of([&] {
    ops::softmax_cross_entropy(Var(Tensor::zeros({2, 3})), labels);
  });
  CHECK(label_kind == ErrorKind::kData);
  CHECK(label_text == "label 1 of the batch: expected 0..2, found 3");
  const Var one(Tensor::zeros({1, 3})), gamma(Tensor::zeros({3}));
  const auto [norm_kind, norm_text] = kind_of([&] { ops::batch_norm(one, gamma, gamma, {}, {}, {}); });
  CHECK(norm_kind == ErrorKind::kData);
  CHECK(norm_text.find("at least 2") != std::string::npos);
  CHECK(kind_of([&] { ops::conv_output_extent(4, 0, 7, 1, 1); }).first == ErrorKind::kData);
}

}  // namespace fovea
