// Helpers of the tests that make small good and broken files: temporary folders, byte building, expected errors.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/memory.h"

namespace fovea::test {

// A fresh folder, removed with everything in it.
class TempFolder {
 public:
  TempFolder() {
    static std::atomic<int> counter{0};
    path_ = std::filesystem::temp_directory_path() /
            ("fovea-data-test-" + std::to_string(getpid()) + "-" + std::to_string(counter++));
    std::filesystem::create_directories(path_);
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  std::string file(const std::string& name) const { return (path_ / name).string(); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

// Lowers --max-memory while alive.
class MemoryLimit {
 public:
  explicit MemoryLimit(int64_t bytes) { set_max_memory(bytes); }
  ~MemoryLimit() { set_max_memory(0); }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;
};

using Bytes = std::vector<std::byte>;

inline Bytes to_bytes(std::string_view text) {
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return {first, first + text.size()};
}

inline std::string to_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline void save(const std::string& path, std::span<const std::byte> bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  REQUIRE(out.good());
}

// Big- and little-endian numbers as text.
inline std::string big(uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>((value >> (8 * i)) & 0xFF);
  return text;
}
inline std::string little(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>((value >> (8 * i)) & 0xFF);
  return text;
}
template <typename T>
std::string raw(T value) {
  std::string text(sizeof(T), '\0');
  std::memcpy(text.data(), &value, sizeof(T));
  return text;
}

// Runs `body` and checks that it throws Error of this kind whose message contains `part`.
template <typename Body>
void expect_error(ErrorKind kind, std::string_view part, Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    const std::string message = error.what();
    INFO("message: " << message);
    CHECK(error.kind() == kind);
    CHECK(message.find(part) != std::string::npos);
    return;
  }
  FAIL_CHECK("nothing was thrown, expected an error with '" << std::string(part) << "'");
}

// Every proper prefix of a sound file must be refused with kData.
template <typename Parse>
void expect_truncations_fail(const Bytes& whole, size_t step, Parse&& parse) {
  for (size_t size = 0; size < whole.size(); size += step) {
    const Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    INFO("first " << size << " of " << whole.size() << " bytes");
    expect_error(ErrorKind::kData, "", [&] { parse(part); });
  }
}

}  // namespace fovea::test
