// The one exception of the library, and the table of exit codes (files-and-cli section 9).
#pragma once

#include <fmt/core.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace fovea {

// The value of each kind is the exit code of the process.
enum class ErrorKind : int {
  kNegative = 1,       // the check ran and failed
  kDiverged = 3,       // training met a non-finite loss; the last good checkpoint is kept
  kUsage = 64,         // unknown option, bad value, contradictory options
  kData = 65,          // wrong schema, corrupt, truncated, inconsistent
  kNoInput = 66,       // file missing or unreadable
  kUnavailable = 69,   // built without a needed optional part
  kInternal = 70,      // a broken invariant: a bug of ours
  kSystem = 71,        // out of memory, cannot start threads
  kCannotCreate = 73,  // output directory missing, no permission, --no-clobber
  kIo = 74,            // disk full, read error, fsync failed
  kStopped = 75,       // stopped by a signal or --max-time; what was written is whole
};

// what() is the one line for the user, without the tool's name: "FILE: PLACE: what: expected X, found Y".
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message, std::string hint = {})
      : std::runtime_error(message), kind_(kind), hint_(std::move(hint)) {}
  ErrorKind kind() const { return kind_; }
  const std::string& hint() const { return hint_; }

 private:
  ErrorKind kind_;
  std::string hint_;
};

// An input that may be good but needs more memory than allowed; kData.
class MemoryLimitError : public Error {
 public:
  MemoryLimitError(const std::string& message, std::string hint) : Error(ErrorKind::kData, message, std::move(hint)) {}
};

template <typename... Args>
[[noreturn]] void fail(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(kind, fmt::format(format, std::forward<Args>(args)...));
}

// A mismatch in a file: "place: what: expected X, found Y". `place` is "FILE: DATASET" or "FILE:LINE".
[[noreturn]] void fail_data(std::string_view place, std::string_view expected, std::string_view found,
                            std::string hint = {});

// The text of errno `code`, without locale.
std::string system_message(int code);

namespace detail {
[[noreturn]] void check_failed(const char* condition, const char* file, int line, const std::string& message);
}

}  // namespace fovea

// Broken invariants of our own code; ends in exit code 70. Never for bad input.
#define FOVEA_CHECK(condition, ...)                                                                            \
  do {                                                                                                         \
    if (!(condition)) ::fovea::detail::check_failed(#condition, __FILE__, __LINE__, fmt::format(__VA_ARGS__)); \
  } while (false)
