#include "base/signals.h"

#include <doctest/doctest.h>

#include <csignal>
#include <initializer_list>

#include "base/child.h"

using namespace fovea;

namespace {
int after_signals(std::initializer_list<int> numbers, bool graceful) {
  return run_in_child([&] {
    signals::reset_for_test();
    signals::install();
    const auto send = [&] {
      for (const int number : numbers) kill(getpid(), number);
    };
    if (graceful) {
      const signals::GracefulScope scope;
      send();
    } else {
      send();
    }
    return signals::stop_requested();
  });
}
}  // namespace

TEST_CASE("signals: outside training they kill") {
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGXCPU}) CHECK(after_signals({number}, false) == 128 + number);
}

TEST_CASE("GracefulScope: asks to stop, remembers which signal") {
  for (const int number : {SIGINT, SIGTERM, SIGUSR1, SIGXCPU}) CHECK(after_signals({number}, true) == number);
  CHECK(after_signals({SIGHUP}, true) == 128 + SIGHUP);
  CHECK(after_signals({SIGINT, SIGTERM}, true) == SIGINT);  // an interrupt stays an interrupt
}

TEST_CASE("GracefulScope: a second interrupt ends at once") {
  CHECK(after_signals({SIGINT, SIGINT}, true) == 128 + SIGINT);
}

TEST_CASE("signals: SIGUSR2 asks for one progress line") {
  CHECK(run_in_child([] {
          signals::install();
          kill(getpid(), SIGUSR2);
          const bool first = signals::take_progress_request();
          return first && !signals::take_progress_request() ? 0 : 1;
        }) == 0);
}

TEST_CASE("signals: an ignored hang-up stays ignored (nohup)") {
  CHECK(run_in_child([] {
          std::signal(SIGHUP, SIG_IGN);
          signals::install();
          kill(getpid(), SIGHUP);
          return 7;
        }) == 7);
}
