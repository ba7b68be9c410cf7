// Signals as flags. In training: SIGTERM, SIGUSR1, SIGXCPU ask for "save and exit 75"; SIGINT for the same, then death
// by SIGINT; a second SIGINT ends at once. Elsewhere: temporary files are removed and the process dies of the signal.
#pragma once

#include <csignal>

namespace fovea::signals {

// Installs the handlers for a tool. Before enter_graceful(), SIGINT/SIGTERM/SIGHUP/SIGXCPU remove temporary files
// (async-signal-safe) and re-raise. SIGPIPE keeps its default action; SIGUSR2 asks for one progress line.
void install();

// From now on SIGTERM/SIGUSR1/SIGXCPU end the process with code 75 where there is nothing to save, as well: the same
// command with --resume is what comes next.
void set_resumable();

// While alive, SIGTERM/SIGUSR1/SIGXCPU/SIGINT only set the flag read by stop_requested().
class GracefulScope {
 public:
  GracefulScope();
  ~GracefulScope();
  GracefulScope(const GracefulScope&) = delete;
  GracefulScope& operator=(const GracefulScope&) = delete;
};

// While alive, this thread takes no signals, and threads started meanwhile never do: handlers run on the main thread,
// on a stack of their own. (Kernels of oneDNN keep the stack pointer in heap memory, which a handler would write over.)
class BlockedScope {
 public:
  BlockedScope();
  ~BlockedScope();
  BlockedScope(const BlockedScope&) = delete;
  BlockedScope& operator=(const BlockedScope&) = delete;

 private:
  sigset_t before_;
};

int stop_requested();                  // the signal's number, 0 if none
bool take_progress_request();          // true once per SIGUSR2
[[noreturn]] void die_of(int signal);  // default action and re-raise
void reset_for_test();

}  // namespace fovea::signals
