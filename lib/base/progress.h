// The progress line: one rewritten line on a terminal; a whole line each 5 minutes elsewhere; SIGUSR2 prints it once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fovea {

enum class ProgressMode { kAuto, kAlways, kNever };
void set_progress_mode(ProgressMode mode);

// One running job. At most one object lives at a time; updates are cheap (rate-limited to 10 redraws a second).
class Progress {
 public:
  // `what` e.g. "train"; `total` items or 0 if unknown; `first` = items done before (resume): they do not count for the
  // rate.
  Progress(std::string what, std::string unit, int64_t total, int64_t first = 0);
  ~Progress();  // erases the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // "train: step 1200/5000 (24%) 310 steps/s ETA 12s | loss 0.231"
  void update(int64_t done, std::string_view detail = {});

 private:
  struct State;
  State* state_;
};

// The text of a progress line. `rate` in units per second, 0 if unknown.
std::string progress_text(std::string_view what, std::string_view unit, int64_t done, int64_t total, double rate,
                          std::string_view detail);

}  // namespace fovea
