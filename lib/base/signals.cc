#include "base/signals.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

#include "base/error.h"
#include "base/file.h"

namespace fovea::signals {
namespace {

// Lock-free atomics: safe in a handler.
std::atomic<int> graceful_depth{0};
std::atomic<int> stop_signal{0};
std::atomic<bool> progress_wanted{false}, resumable{false};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

bool asks_for_saving(int signal) {
  return signal == SIGTERM || signal == SIGUSR1 || signal == SIGXCPU || signal == SIGINT;
}

void set_action(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART | SA_ONSTACK;
  sigaction(signal, &action, nullptr);
}

void on_progress(int) { progress_wanted = true; }

void on_ending(int signal) {
  if (graceful_depth > 0 && asks_for_saving(signal)) {
    const bool second_interrupt = signal == SIGINT && stop_signal == SIGINT;
    if (!second_interrupt) {
      if (stop_signal != SIGINT) stop_signal = signal;  // an interrupt stays one: it decides how we end
      return;
    }
  }
  if (resumable && asks_for_saving(signal) && signal != SIGINT) {
    remove_temporary_files();
    _exit(static_cast<int>(ErrorKind::kStopped));
  }
  die_of(signal);
}

}  // namespace

void set_resumable() { resumable = true; }

void install() {
  alignas(64) static char stack[1 << 16];
  const stack_t own{stack, 0, sizeof stack};
  sigaltstack(&own, nullptr);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGXCPU, SIGUSR1, SIGQUIT, SIGPIPE}) {
    struct sigaction old {};
    sigaction(signal, nullptr, &old);
    // nohup and shells starting background jobs ignore these two on purpose.
    if ((signal == SIGHUP || signal == SIGINT) && old.sa_handler == SIG_IGN) continue;
    set_action(signal, on_ending);
  }
  set_action(SIGUSR2, on_progress);
  set_action(SIGXFSZ, SIG_IGN);  // the write then fails with EFBIG, which is an ordinary error
}

BlockedScope::BlockedScope() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before_);
}
BlockedScope::~BlockedScope() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

GracefulScope::GracefulScope() { ++graceful_depth; }
GracefulScope::~GracefulScope() { --graceful_depth; }

int stop_requested() { return stop_signal; }
bool take_progress_request() {
  return progress_wanted.load(std::memory_order_relaxed) && progress_wanted.exchange(false);
}

void die_of(int signal) {
  remove_temporary_files();
  set_action(signal, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
  kill(getpid(), signal);
  _exit(128 + signal);
}

void reset_for_test() {
  graceful_depth = 0;
  stop_signal = 0;
  progress_wanted = resumable = false;
}

}  // namespace fovea::signals
