// The only file that knows spdlog.
#include "base/log.h"

#include <fcntl.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>

#include "base/cpu.h"
#include "base/error.h"
#include "base/text.h"
#include "base/version.h"

namespace fovea::log {
namespace {

struct LevelLook {
  const char* name;
  const char* color;
};
constexpr std::array<LevelLook, 4> kLooks = {{{"debug", "2"}, {"info", "0"}, {"warning", "33"}, {"error", "31"}}};

const LevelLook& look(Level level) { return kLooks[static_cast<size_t>(level)]; }

spdlog::level::level_enum to_spdlog(Level level) {
  constexpr std::array<spdlog::level::level_enum, 4> kLevels = {spdlog::level::debug, spdlog::level::info,
                                                                spdlog::level::warn, spdlog::level::err};
  return kLevels[static_cast<size_t>(level)];
}

struct Channels {
  std::recursive_mutex mutex;  // one writer at a time, also around the progress line's hooks
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  Settings settings;
  std::atomic<Level> threshold{Level::kInfo};
  std::atomic<bool> has_file{false};
  std::unique_ptr<spdlog::logger> terminal, file;
  void (*erase)() = nullptr;
  void (*redraw)() = nullptr;
};

std::unique_ptr<spdlog::logger> make_logger(spdlog::sink_ptr sink, const char* pattern) {
  auto logger = std::make_unique<spdlog::logger>("fovea", std::move(sink));
  logger->set_pattern(pattern);
  logger->set_level(spdlog::level::debug);
  logger->flush_on(spdlog::level::debug);
  logger->set_error_handler([](const std::string&) {});  // stderr gone or log disk full: the work goes on
  return logger;
}

Channels& channels() {
  static Channels* const the_channels = [] {
    auto* made = new Channels;  // never destroyed: threads may log until the very end
    made->terminal = make_logger(std::make_shared<spdlog::sinks::stderr_sink_st>(), "%v");
    return made;
  }();
  return *the_channels;
}

std::unique_ptr<spdlog::logger> open_file(const std::string& path) {
  // Opened by hand first: spdlog would create a missing directory, and does not say why it fails.
  const int probe = open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (probe < 0) fail(ErrorKind::kCannotCreate, "--log-file: {}: cannot create: {}", path, system_message(errno));
  close(probe);
  try {
    return make_logger(std::make_shared<spdlog::sinks::basic_file_sink_st>(path), "%Y-%m-%dT%H:%M:%S.%e%z %v");
  } catch (const spdlog::spdlog_ex& error) {
    fail(ErrorKind::kCannotCreate, "--log-file: {}: cannot create: {}", path, error.what());
  }
}

// The prefix of a line on the terminal.
std::string speaker(const Channels& c) {
  if (c.settings.verbose < 2) return c.settings.tool;
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - c.start;
  return fmt::format("{} {:.3f}s", c.settings.tool, passed.count());
}

// What the reader of a log needs to know about the machine; none of it may enter a result file.
std::string heading() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return fmt::format("start: fovea {}, host {}, process {}, {}", version(), host.data(), getpid(), cpu_summary());
}

// Each line of `text` becomes a line of its own, with the prefix.
template <typename Emit>
void each_line(std::string_view text, Emit&& emit) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  for (const auto& line : split(text, '\n')) emit(line);
}

}  // namespace

void configure(const Settings& settings) {
  Channels& c = channels();
  const std::scoped_lock lock(c.mutex);
  std::unique_ptr<spdlog::logger> file = settings.file.empty() ? nullptr : open_file(settings.file);
  c.settings = settings;
  c.start = std::chrono::steady_clock::now();
  c.threshold = settings.quiet         ? Level::kError
                : settings.verbose > 0 ? Level::kDebug
                : settings.follows     ? Level::kWarning
                                       : Level::kInfo;
  c.file = std::move(file);
  c.has_file = c.file != nullptr;
  if (c.file) c.file->log(spdlog::level::info, fmt::format("{}: {}", settings.tool, heading()));
}

const std::string& tool_name() { return channels().settings.tool; }

bool enabled(Level level) {
  const Channels& c = channels();
  return level >= c.threshold.load(std::memory_order_relaxed) || c.has_file.load(std::memory_order_relaxed);
}

void write(Level level, std::string_view text) {
  Channels& c = channels();
  const std::scoped_lock lock(c.mutex);
  if (c.file) {
    each_line(text, [&](const std::string& line) {
      c.file->log(to_spdlog(level), fmt::format("{}: {}: {}", c.settings.tool, look(level).name, line));
    });
  }
  if (level < c.threshold) return;
  if (c.erase != nullptr) c.erase();
  each_line(text, [&](const std::string& line) {
    const bool colored = use_color() && level != Level::kInfo;
    const std::string name = speaker(c);
    c.terminal->log(to_spdlog(level),
                    colored ? fmt::format("{}: \x1b[{}m{}\x1b[0m: {}", name, look(level).color, look(level).name, line)
                            : fmt::format("{}: {}: {}", name, look(level).name, line));
  });
  if (c.redraw != nullptr) c.redraw();
}

void write_hint(std::string_view text) {
  Channels& c = channels();
  const std::scoped_lock lock(c.mutex);
  const std::string line = fmt::format("hint: {}", text);
  if (c.file) c.file->log(spdlog::level::err, fmt::format("{}: {}", c.settings.tool, line));
  if (c.erase != nullptr) c.erase();
  c.terminal->log(spdlog::level::err, line);
  if (c.redraw != nullptr) c.redraw();
}

bool stderr_is_terminal() {
  static const bool terminal = [] {
    const char* kind = std::getenv("TERM");
    return isatty(STDERR_FILENO) == 1 && kind != nullptr && std::string_view(kind) != "dumb" && *kind != '\0';
  }();
  return terminal;
}

bool use_color() {
  static const bool color = [] {
    const char* wish = std::getenv("NO_COLOR");  // no-color.org: any non-empty value
    return stderr_is_terminal() && (wish == nullptr || *wish == '\0');
  }();
  return color;
}

void set_line_hooks(void (*erase)(), void (*redraw)()) {
  Channels& c = channels();
  const std::scoped_lock lock(c.mutex);
  c.erase = erase;
  c.redraw = redraw;
}

}  // namespace fovea::log
