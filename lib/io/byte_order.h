// Numbers from untrusted bytes, whatever the alignment and the host's byte order. Callers check the length.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

namespace fovea::io {

template <typename T>
T load_as(const std::byte* bytes, std::endian order) {
  std::array<std::byte, sizeof(T)> raw;
  std::memcpy(raw.data(), bytes, sizeof(T));
  if (order != std::endian::native) std::reverse(raw.begin(), raw.end());
  return std::bit_cast<T>(raw);
}

template <typename T>
T load_le(const std::byte* bytes) {
  return load_as<T>(bytes, std::endian::little);
}

template <typename T>
T load_be(const std::byte* bytes) {
  return load_as<T>(bytes, std::endian::big);
}

}  // namespace fovea::io
