// stdout: one buffer of ours, because stdio and iostreams report a full disk too late or not at all.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "base/ranks.h"

namespace fovea {
namespace {

constexpr size_t kBufferBytes = size_t{1} << 16;

struct Output {
  std::mutex mutex;
  std::string buffer;
  bool closed = false;

  [[noreturn]] void fail_write(int code) {
    buffer.clear();
    fail(ErrorKind::kIo, "stdout: cannot write: {}", system_message(code));
  }

  void send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::write(STDOUT_FILENO, text.data(), text.size());
      if (sent >= 0)
        text.remove_prefix(static_cast<size_t>(sent));
      else if (errno != EINTR)
        fail_write(errno);
    }
  }

  void flush() {
    send(buffer);
    buffer.clear();
  }
};

Output& output() {
  static Output the_output;
  return the_output;
}

}  // namespace

void write_stdout(std::string_view text) {
  if (ranks::joined() && !ranks::first()) return;
  Output& out = output();
  const std::scoped_lock lock(out.mutex);
  FOVEA_CHECK(!out.closed, "write to stdout after its end");
  if (const int code = take_write_fault(); code != 0) out.fail_write(code);
  if (out.buffer.size() + text.size() > kBufferBytes) out.flush();
  if (text.size() > kBufferBytes) {
    out.send(text);
  } else {
    out.buffer += text;
  }
  if (text.ends_with('\n') && stdout_is_terminal()) out.flush();
}

void flush_stdout() {
  Output& out = output();
  const std::scoped_lock lock(out.mutex);
  out.flush();
}

void finish_stdout() {
  Output& out = output();
  const std::scoped_lock lock(out.mutex);
  if (out.closed) return;
  out.flush();
  out.closed = true;
  if (close(STDOUT_FILENO) != 0 && errno != EBADF && errno != EINTR) out.fail_write(errno);
  open("/dev/null", O_RDONLY);  // the number stays taken: no later file may become stdout by accident
}

bool stdout_is_terminal() {
  static const bool terminal = isatty(STDOUT_FILENO) == 1;
  return terminal;
}

void guard_standard_streams() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(descriptor, F_GETFD) != -1 || errno != EBADF) continue;
    // open() takes the lowest free number, which is this one. Data through it must fail, messages may vanish.
    open("/dev/null", descriptor == STDOUT_FILENO ? O_RDONLY : O_WRONLY);
  }
}

}  // namespace fovea
