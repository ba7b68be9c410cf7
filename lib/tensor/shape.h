// Shapes: up to six extents, outermost first. Images and feature maps are [N,H,W,C].
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

namespace fovea {

inline constexpr int kMaxRank = 6;

class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<int64_t> extents);
  explicit Shape(std::span<const int64_t> extents);

  int rank() const { return rank_; }
  int64_t operator[](int axis) const { return extents_[static_cast<size_t>(axis < 0 ? rank_ + axis : axis)]; }
  int64_t& operator[](int axis) { return extents_[static_cast<size_t>(axis < 0 ? rank_ + axis : axis)]; }
  int64_t count() const;  // product of the extents; 1 for rank 0
  int64_t rows() const { return rank_ == 0 ? 1 : extents_[0]; }
  int64_t channels() const { return rank_ == 0 ? 1 : (*this)[-1]; }  // the innermost extent
  bool operator==(const Shape& other) const;
  std::span<const int64_t> extents() const { return {extents_.data(), static_cast<size_t>(rank_)}; }
  std::string text() const;  // "[32,28,28,1]"

 private:
  std::array<int64_t, kMaxRank> extents_{};
  int rank_ = 0;
};

}  // namespace fovea
