// The element types a Fovea HDF5 file may hold: little-endian, fixed size (files-and-cli section 2).
#pragma once

#include <cstdint>
#include <string_view>

#include "io/half.h"

namespace fovea::io {

enum class ElementType { kF16, kF32, kF64, kI32, kI64, kU8, kU32, kU64, kString };

// "float32", "int64", ... "string".
std::string_view element_name(ElementType type);
// Bytes of one element; 0 for kString, whose length is a property of the dataset.
int64_t element_bytes(ElementType type);

template <typename T>
struct ElementTypeOf;
template <>
struct ElementTypeOf<Half> {
  static constexpr ElementType value = ElementType::kF16;
};
template <>
struct ElementTypeOf<float> {
  static constexpr ElementType value = ElementType::kF32;
};
template <>
struct ElementTypeOf<double> {
  static constexpr ElementType value = ElementType::kF64;
};
template <>
struct ElementTypeOf<int32_t> {
  static constexpr ElementType value = ElementType::kI32;
};
template <>
struct ElementTypeOf<int64_t> {
  static constexpr ElementType value = ElementType::kI64;
};
template <>
struct ElementTypeOf<uint8_t> {
  static constexpr ElementType value = ElementType::kU8;
};
template <>
struct ElementTypeOf<uint32_t> {
  static constexpr ElementType value = ElementType::kU32;
};
template <>
struct ElementTypeOf<uint64_t> {
  static constexpr ElementType value = ElementType::kU64;
};

}  // namespace fovea::io
