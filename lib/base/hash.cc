#include "base/hash.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <array>

#include "base/error.h"

namespace fovea {

struct ContentHash::State {
  XXH3_state_t* state = nullptr;

  State() : state(XXH3_createState()) {
    FOVEA_CHECK(state != nullptr && XXH3_128bits_reset(state) == XXH_OK, "cannot start a content hash");
  }
  ~State() { XXH3_freeState(state); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

ContentHash::ContentHash() : state_(std::make_unique<State>()) {}
ContentHash::~ContentHash() = default;
ContentHash::ContentHash(ContentHash&&) noexcept = default;
ContentHash& ContentHash::operator=(ContentHash&&) noexcept = default;

void ContentHash::update(std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  FOVEA_CHECK(XXH3_128bits_update(state_->state, bytes.data(), bytes.size()) == XXH_OK, "content hash");
}

void ContentHash::update(std::string_view text) {
  std::array<std::byte, 8> length{};  // little-endian on every machine
  for (size_t i = 0; i < length.size(); ++i) length[i] = static_cast<std::byte>(text.size() >> (8 * i));
  update(std::span<const std::byte>(length));
  update(std::as_bytes(std::span(text.data(), text.size())));
}

std::string ContentHash::hex() const {
  const XXH128_hash_t value = XXH3_128bits_digest(state_->state);
  return fmt::format("{:016x}{:016x}", value.high64, value.low64);  // the canonical, big-endian order
}

std::string content_hash(std::span<const std::byte> bytes) {
  ContentHash hash;
  hash.update(bytes);
  return hash.hex();
}

}  // namespace fovea
