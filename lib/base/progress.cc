#include "base/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <mutex>

#include "base/log.h"
#include "base/signals.h"
#include "base/text.h"

namespace fovea {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kRedrawSeconds = 0.1;
constexpr double kPlainSeconds = 300;       // files-and-cli section 8: each 5 minutes in logs
constexpr double kAlwaysPlainSeconds = 10;  // --progress always, no terminal

ProgressMode mode = ProgressMode::kAuto;

double seconds_between(Clock::time_point begin, Clock::time_point end) {
  return std::chrono::duration<double>(end - begin).count();
}

// stderr's width in columns; asked each time, because windows change.
size_t window_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 10 ? size.ws_col : 80;
}

// At most `columns` characters of valid UTF-8.
std::string_view fit(std::string_view text, size_t columns) {
  for (size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) == 0x80) continue;
    if (columns-- == 0) return text.substr(0, i);
  }
  return text;
}

std::string rate_text(double rate) {
  if (rate >= 100) return fmt::format("{:.0f}", rate);
  return rate >= 10 ? fmt::format("{:.1f}", rate) : fmt::format("{:.2f}", rate);
}

// The line on the terminal. Its own lock: log lines come from other threads too.
struct ScreenLine {
  std::mutex mutex;
  std::string text;
  bool active = false;

  void draw() {
    if (!active || text.empty()) return;
    const auto visible = fit(text, window_width() - 1);
    fprintf(stderr, "\r\x1b[K%.*s", static_cast<int>(visible.size()), visible.data());
    fflush(stderr);
  }
  void erase() {
    if (!active || text.empty()) return;
    fputs("\r\x1b[K", stderr);
    fflush(stderr);
  }
};

ScreenLine& screen() {
  static auto* line = new ScreenLine;
  return *line;
}

void erase_screen_line() {
  const std::scoped_lock lock(screen().mutex);
  screen().erase();
}

void redraw_screen_line() {
  const std::scoped_lock lock(screen().mutex);
  screen().draw();
}

bool one_lives = false;

}  // namespace

void set_progress_mode(ProgressMode new_mode) { mode = new_mode; }

std::string progress_text(std::string_view what, std::string_view unit, int64_t done, int64_t total, double rate,
                          std::string_view detail) {
  std::string out = fmt::format("{}: {} {}", what, unit, done);
  if (total > 0) out += fmt::format("/{} ({}%)", total, std::min<int64_t>(100, done * 100 / total));
  if (rate > 0) {
    out += fmt::format(" {} {}s/s", rate_text(rate), unit);
    if (total > done) out += fmt::format(" ETA {}", format_duration(static_cast<double>(total - done) / rate));
  }
  if (!detail.empty()) out += fmt::format(" | {}", detail);
  return out;
}

struct Progress::State {
  std::string what, unit;
  int64_t total = 0, first = 0;
  Clock::time_point start = Clock::now(), last_draw{}, last_plain = start;

  std::string line(int64_t done, std::string_view detail, Clock::time_point now) const {
    const double elapsed = seconds_between(start, now);
    const double rate = elapsed > 0 ? static_cast<double>(done - first) / elapsed : 0;
    return progress_text(what, unit, done, total, rate, detail);
  }
};

Progress::Progress(std::string what, std::string unit, int64_t total, int64_t first) : state_(nullptr) {
  if (one_lives) return;  // an inner job is silent: the outer one owns the line
  one_lives = true;
  state_ = new State;
  state_->what = std::move(what);
  state_->unit = std::move(unit);
  state_->total = total;
  state_->first = first;
  const bool wanted = mode == ProgressMode::kAlways || (mode == ProgressMode::kAuto && log::enabled(log::Level::kInfo));
  {
    const std::scoped_lock lock(screen().mutex);
    screen().active = wanted && log::stderr_is_terminal();
    screen().text.clear();
  }
  log::set_line_hooks(erase_screen_line, redraw_screen_line);
}

Progress::~Progress() {
  if (state_ == nullptr) return;
  log::set_line_hooks(nullptr, nullptr);
  {
    const std::scoped_lock lock(screen().mutex);
    screen().erase();
    screen().active = false;
    screen().text.clear();
  }
  delete state_;
  one_lives = false;
}

void Progress::update(int64_t done, std::string_view detail) {
  if (state_ == nullptr) return;
  const auto now = Clock::now();
  if (signals::take_progress_request()) log::write(log::Level::kInfo, state_->line(done, detail, now));
  if (mode == ProgressMode::kNever) return;
  if (screen().active) {
    if (seconds_between(state_->last_draw, now) < kRedrawSeconds) return;
    state_->last_draw = now;
    const std::scoped_lock lock(screen().mutex);
    screen().text = state_->line(done, detail, now);
    screen().draw();
    return;
  }
  const double interval = mode == ProgressMode::kAlways ? kAlwaysPlainSeconds : kPlainSeconds;
  if (seconds_between(state_->last_plain, now) < interval) return;
  state_->last_plain = now;
  log::write(log::Level::kInfo, state_->line(done, detail, now));
}

}  // namespace fovea
