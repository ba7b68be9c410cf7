// Messages to stderr (through spdlog) and to --log-file: "tool: level: text". stdout carries data only.
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>
#include <utility>

namespace fovea::log {

enum class Level { kDebug, kInfo, kWarning, kError };

struct Settings {
  std::string tool = "fovea";  // prefix of every line
  bool quiet = false;          // errors only
  int verbose = 0;             // 1: debug lines too; 2: with the seconds since configure()
  std::string file;            // --log-file: everything, with ISO time stamps, appended, flushed per line
  bool follows = false;        // another process speaks for this one: warnings and errors only, if not verbose
};

// Default level: kInfo (closing summary, warnings, errors). Thread-safe. Throws Error(kCannotCreate) for `file`.
void configure(const Settings& settings);
const std::string& tool_name();
bool enabled(Level level);
void write(Level level, std::string_view text);
// The second line of an error: "hint: text", without prefix; after "tool: error: ...".
void write_hint(std::string_view text);

// Decided once: is stderr a terminal that can rewrite a line (isatty, TERM != dumb)? And may we colour (NO_COLOR)?
bool stderr_is_terminal();
bool use_color();

// Called by `progress` so that log lines and the progress line do not mix. `redraw` may be null.
void set_line_hooks(void (*erase)(), void (*redraw)());

template <typename... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::kDebug)) write(Level::kDebug, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::kInfo, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::kWarning, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::kError, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace fovea::log
