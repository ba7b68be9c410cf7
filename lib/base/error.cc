#include "base/error.h"

#include <cstring>

namespace fovea {

void fail_data(std::string_view place, std::string_view expected, std::string_view found, std::string hint) {
  throw Error(ErrorKind::kData, fmt::format("{}: expected {}, found {}", place, expected, found), std::move(hint));
}

std::string system_message(int code) {
  const char* text = strerrordesc_np(code);  // unlike strerror: untranslated and thread-safe
  return text != nullptr ? text : fmt::format("error {}", code);
}

namespace detail {
void check_failed(const char* condition, const char* file, int line, const std::string& message) {
  std::string_view name(file);
  if (const auto lib = name.rfind("lib/"); lib != std::string_view::npos) name.remove_prefix(lib);
  throw Error(ErrorKind::kInternal, fmt::format("internal error: {} ({}:{}: {})", message, name, line, condition),
              "this is a bug in fovea; please report it with the command line");
}
}  // namespace detail

}  // namespace fovea
