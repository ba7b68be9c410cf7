#include "tensor/tensor.h"

#include <doctest/doctest.h>

#include <array>
#include <utility>

namespace fovea {
namespace {

Tensor ramp(const Shape& shape) {
  Tensor out = Tensor::empty(shape);
  float value = 0;
  for (float& element : out.span<float>()) element = value++;
  return out;
}

}  // namespace

TEST_CASE("tensor: views share storage, clones do not") {
  Tensor a = ramp({4, 3});
  Tensor view = a.rows(1, 3).reshape({6});
  CHECK(view.shares_storage_with(a));
  CHECK_FALSE(a.is_sole_owner());
  CHECK(view.at(0) == 3);
  view.data<float>()[0] = 100;
  CHECK(a.at(3) == 100);
  Tensor copy = a.clone();
  copy.fill(7);
  CHECK(a.at(3) == 100);
  CHECK(copy.at(11) == 7);
}

TEST_CASE("tensor: conversion between types") {
  const Tensor a = Tensor::from<double>({3}, std::array{0.5, -2.0, 1e-3});
  const Tensor b = a.to(DType::kF32);
  CHECK(b.dtype() == DType::kF32);
  CHECK(b.at(2) == static_cast<double>(1e-3F));
  CHECK(a.to(DType::kF64).shares_storage_with(a));
  Tensor back = Tensor::empty({3}, DType::kF64);
  back.copy_from(b);
  CHECK(back.at(1) == -2.0);
}

TEST_CASE("tensor: broken use is an internal error") {
  Tensor a = ramp({4, 3});
  CHECK_THROWS_AS(a.data<double>(), Error);
  CHECK_THROWS_AS(a.reshape({5}), Error);
  CHECK_THROWS_AS(a.rows(2, 5), Error);
  CHECK_THROWS_AS(a.item(), Error);
  CHECK_THROWS_AS(a.at(12), Error);
  CHECK(ramp({1}).item() == 0);
}

TEST_CASE("tensor: derived copies live until the storage is written") {
  Tensor a = ramp({8});
  int made = 0;
  const auto make = [&] {
    ++made;
    return std::make_shared<const ArenaBlock>(32);
  };
  const auto first = a.derived(1, make);
  CHECK(a.derived(1, make) == first);
  CHECK(made == 1);
  a.derived(2, make);
  a.rows(4, 8).derived(1, make);  // another place in the same storage
  CHECK(made == 3);
  CHECK(std::as_const(a).data<float>()[0] == 0);  // reading keeps them
  CHECK(a.derived(1, make) == first);
  a.data<float>()[0] = 1;
  CHECK(a.derived(1, make) != first);
  CHECK(made == 4);
}

}  // namespace fovea
