#include "tensor/tensor.h"

#include <cstring>
#include <mutex>

#include "base/parallel.h"

namespace fovea {
namespace {

constexpr int64_t kCopyGrain = int64_t{1} << 18;

template <typename From, typename To>
void convert(const From* from, To* to, int64_t count) {
  parallel_blocks(count, kCopyGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) to[i] = static_cast<To>(from[i]);
  });
}

std::mutex& derived_mutex() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace

Tensor Tensor::empty(const Shape& shape, DType dtype) {
  Tensor tensor;
  tensor.shape_ = shape;
  tensor.count_ = shape.count();
  tensor.dtype_ = dtype;
  tensor.storage_ = std::make_shared<ArenaBlock>(tensor.bytes());
  tensor.pointer_ = tensor.storage_->data;
  return tensor;
}

Tensor Tensor::zeros(const Shape& shape, DType dtype) {
  Tensor tensor = empty(shape, dtype);
  std::memset(tensor.raw(), 0, static_cast<size_t>(tensor.bytes()));
  return tensor;
}

Tensor Tensor::full(const Shape& shape, double value, DType dtype) {
  Tensor tensor = empty(shape, dtype);
  tensor.fill(value);
  return tensor;
}

double Tensor::at(int64_t index) const {
  FOVEA_CHECK(index >= 0 && index < count_, "element {} of {}", index, shape_.text());
  return dtype_ == DType::kF32 ? static_cast<double>(data<float>()[index]) : data<double>()[index];
}

double Tensor::item() const {
  FOVEA_CHECK(count_ == 1, "item() of {}", shape_.text());
  return at(0);
}

Tensor Tensor::reshape(const Shape& shape) const {
  FOVEA_CHECK(defined() && shape.count() == count_, "cannot reshape {} to {}", shape_.text(), shape.text());
  Tensor out = *this;
  out.shape_ = shape;
  return out;
}

Tensor Tensor::rows(int64_t begin, int64_t end) const {
  FOVEA_CHECK(rank() > 0 && begin >= 0 && begin <= end && end <= shape_[0], "rows [{}, {}) of {}", begin, end,
              shape_.text());
  Tensor out = *this;
  const int64_t row = shape_[0] == 0 ? 0 : count_ / shape_[0];
  out.shape_[0] = end - begin;
  out.count_ = row * (end - begin);
  out.pointer_ = static_cast<char*>(pointer_) + begin * row * dtype_size(dtype_);
  return out;
}

Tensor Tensor::clone() const {
  if (!defined()) return {};
  Tensor out = empty(shape_, dtype_);
  out.copy_from(*this);
  return out;
}

Tensor Tensor::to(DType dtype) const {
  if (!defined() || dtype == dtype_) return *this;
  Tensor out = empty(shape_, dtype);
  out.copy_from(*this);
  return out;
}

void Tensor::fill(double value) {
  if (dtype_ == DType::kF32) {
    std::fill_n(data<float>(), count_, static_cast<float>(value));
  } else {
    std::fill_n(data<double>(), count_, value);
  }
}

void Tensor::copy_from(const Tensor& other) {
  FOVEA_CHECK(shape_ == other.shape_, "copy of {} into {}", other.shape_.text(), shape_.text());
  if (dtype_ == other.dtype_) {
    char* to = static_cast<char*>(raw());
    const char* from = static_cast<const char*>(other.raw());
    parallel_blocks(bytes(), kCopyGrain * 4, [&](int64_t begin, int64_t end) {
      std::memcpy(to + begin, from + begin, static_cast<size_t>(end - begin));
    });
  } else if (dtype_ == DType::kF32) {
    convert(other.data<double>(), data<float>(), count_);
  } else {
    convert(other.data<float>(), data<double>(), count_);
  }
}

std::shared_ptr<const ArenaBlock> Tensor::derived(uint64_t key, const MakeCopy& make) const {
  FOVEA_CHECK(defined(), "derived copy of no tensor");
  const std::lock_guard lock(derived_mutex());
  const uint64_t version = storage_->version.load(std::memory_order_relaxed);
  auto& copies = storage_->derived;
  std::erase_if(copies, [&](const DerivedCopy& copy) { return copy.version != version; });
  for (const DerivedCopy& copy : copies) {
    if (copy.key == key && copy.source == pointer_) return copy.copy;
  }
  copies.push_back({key, version, pointer_, make()});
  return copies.back().copy;
}

}  // namespace fovea
