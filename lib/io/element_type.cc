#include "io/element_type.h"

namespace fovea::io {

std::string_view element_name(ElementType type) {
  switch (type) {
    case ElementType::kF16:
      return "float16";
    case ElementType::kF32:
      return "float32";
    case ElementType::kF64:
      return "float64";
    case ElementType::kI32:
      return "int32";
    case ElementType::kI64:
      return "int64";
    case ElementType::kU8:
      return "uint8";
    case ElementType::kU32:
      return "uint32";
    case ElementType::kU64:
      return "uint64";
    case ElementType::kString:
      return "string";
  }
  return "";
}

int64_t element_bytes(ElementType type) {
  switch (type) {
    case ElementType::kU8:
      return 1;
    case ElementType::kF16:
      return 2;
    case ElementType::kF32:
    case ElementType::kI32:
    case ElementType::kU32:
      return 4;
    case ElementType::kF64:
    case ElementType::kI64:
    case ElementType::kU64:
      return 8;
    case ElementType::kString:
      return 0;
  }
  return 0;
}

}  // namespace fovea::io
