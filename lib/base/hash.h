// Content identity: XXH3-128. Not for security.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace fovea {

class ContentHash {
 public:
  ContentHash();
  ~ContentHash();
  ContentHash(ContentHash&&) noexcept;
  ContentHash& operator=(ContentHash&&) noexcept;
  void update(std::span<const std::byte> bytes);
  void update(std::string_view text);  // length-prefixed, so that ("ab","c") and ("a","bc") differ
  std::string hex() const;             // 32 lower-case digits

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string content_hash(std::span<const std::byte> bytes);

}  // namespace fovea
