// Dense tensors, row-major, float32 or float64. A Tensor is a cheap handle: copies share storage.
// A writable pointer (non-const data, raw, span) marks the storage as changed, so that packed copies of it are made
// anew: ask for the pointer each time you start to write, do not keep it across uses of the tensor; read through const.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "base/error.h"
#include "tensor/arena.h"
#include "tensor/shape.h"

namespace fovea {

enum class DType : uint8_t { kF32, kF64 };

template <typename T>
inline constexpr DType dtype_of = DType::kF32;
template <>
inline constexpr DType dtype_of<double> = DType::kF64;

inline int64_t dtype_size(DType dtype) { return dtype == DType::kF32 ? 4 : 8; }

class Tensor {
 public:
  Tensor() = default;                                                  // undefined
  static Tensor empty(const Shape& shape, DType dtype = DType::kF32);  // 64-byte aligned, not initialised
  static Tensor zeros(const Shape& shape, DType dtype = DType::kF32);
  static Tensor full(const Shape& shape, double value, DType dtype = DType::kF32);
  template <typename T>
  static Tensor from(const Shape& shape, std::span<const T> values) {
    Tensor tensor = empty(shape, dtype_of<T>);
    FOVEA_CHECK(static_cast<int64_t>(values.size()) == tensor.count(), "{} values for {}", values.size(), shape.text());
    std::copy(values.begin(), values.end(), tensor.data<T>());
    return tensor;
  }

  bool defined() const { return storage_ != nullptr; }
  const Shape& shape() const { return shape_; }
  int64_t extent(int axis) const { return shape_[axis]; }
  int rank() const { return shape_.rank(); }
  int64_t count() const { return count_; }
  int64_t bytes() const { return count_ * dtype_size(dtype_); }
  DType dtype() const { return dtype_; }

  template <typename T>
  T* data() {
    FOVEA_CHECK(dtype_ == dtype_of<T>, "tensor holds another type");
    return static_cast<T*>(raw());
  }
  template <typename T>
  const T* data() const {
    FOVEA_CHECK(dtype_ == dtype_of<T>, "tensor holds another type");
    return static_cast<const T*>(pointer_);
  }
  void* raw() {
    if (storage_ != nullptr) storage_->version.fetch_add(1, std::memory_order_relaxed);
    return pointer_;
  }
  const void* raw() const { return pointer_; }
  template <typename T>
  std::span<T> span() {
    return {data<T>(), static_cast<size_t>(count_)};
  }
  template <typename T>
  std::span<const T> span() const {
    return {data<T>(), static_cast<size_t>(count_)};
  }

  double at(int64_t index) const;  // flat index, any dtype; slow, for tests and scalars
  double item() const;             // REQUIRES count() == 1

  Tensor reshape(const Shape& shape) const;       // shares storage; REQUIRES equal counts
  Tensor rows(int64_t begin, int64_t end) const;  // shares storage: items [begin, end) of the outermost axis
  Tensor clone() const;
  Tensor to(DType dtype) const;  // shares if equal
  void fill(double value);
  void copy_from(const Tensor& other);  // same shape; converts the type
  bool shares_storage_with(const Tensor& other) const { return storage_ == other.storage_; }
  bool is_sole_owner() const { return storage_ != nullptr && storage_.use_count() == 1; }

  // The copy of this tensor in another layout that `make` builds, kept with the storage under `key` until the storage
  // is written to or freed. Thread-safe as long as nobody writes the tensor meanwhile.
  using MakeCopy = std::function<std::shared_ptr<const ArenaBlock>()>;
  std::shared_ptr<const ArenaBlock> derived(uint64_t key, const MakeCopy& make) const;

 private:
  std::shared_ptr<ArenaBlock> storage_;
  void* pointer_ = nullptr;
  Shape shape_;
  int64_t count_ = 0;
  DType dtype_ = DType::kF32;
};

}  // namespace fovea
