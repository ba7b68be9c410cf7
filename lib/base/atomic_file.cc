// AtomicFile: written beside the target, renamed at the end.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace fovea {
namespace {

// Live temporary files, where a signal handler can read them: fixed memory, a flag per slot, no locks.
struct Slot {
  enum : int { kFree, kBusy, kLive };
  std::atomic<int> use{kFree};
  std::array<char, PATH_MAX> path{};
};
std::array<Slot, 64> slots;

Slot* claim_slot(const std::string& path) {
  if (path.size() + 1 > PATH_MAX)
    fail(ErrorKind::kCannotCreate, "{}: cannot create: {}", path, system_message(ENAMETOOLONG));
  for (Slot& slot : slots) {
    int expected = Slot::kFree;
    if (!slot.use.compare_exchange_strong(expected, Slot::kBusy)) continue;
    std::memcpy(slot.path.data(), path.c_str(), path.size() + 1);
    slot.use = Slot::kLive;
    return &slot;
  }
  FOVEA_CHECK(false, "more than {} output files open at once", slots.size());
  return nullptr;
}

std::atomic<int64_t> fault_countdown{-1};
std::atomic<int> fault_code{0};
std::atomic<unsigned> next_number{0};

constexpr size_t kBufferBytes = size_t{1} << 16;
constexpr size_t kLongestName = 255;  // NAME_MAX of the usual file systems

// Follows symbolic links by hand, so that the link stays and the file it names is replaced, even if not there yet.
std::string follow_links(std::string path) {
  for (int hops = 0; hops < 40; ++hops) {
    std::array<char, PATH_MAX> buffer{};
    const ssize_t length = readlink(path.c_str(), buffer.data(), buffer.size());
    if (length < 0) return path;
    const std::string next(buffer.data(), static_cast<size_t>(length));
    path = next.starts_with('/') ? next : fmt::format("{}/{}", directory_name(path), next);
  }
  fail(ErrorKind::kCannotCreate, "{}: cannot create: {}", path, system_message(ELOOP));
}

bool names_descriptor(std::string_view path) {
  return path == "/dev/stdout" || path == "/dev/stderr" || path.starts_with("/dev/fd/") ||
         path.starts_with("/proc/self/fd/");
}

std::string temporary_path(const std::string& file) {
  const std::string directory = directory_name(file);
  const std::string suffix = fmt::format(".{}.{}.tmp", getpid(), next_number++);
  std::string name = base_name(file);
  if (name.size() + suffix.size() + 1 > kLongestName) {
    name.resize(kLongestName - suffix.size() - 1);
    while (!name.empty() && !is_valid_utf8(name)) name.pop_back();
  }
  const std::string local = "." + name + suffix;
  return directory == "." && !file.starts_with("./") ? local : (directory == "/" ? "/" : directory + "/") + local;
}

}  // namespace

struct AtomicFile::State {
  std::string target;  // as the user named it
  std::string file;    // what is replaced: target without symbolic links
  OutputPolicy policy;
  bool is_stdout = false, is_stream = false, exists = false, finished = false;
  mode_t mode = 0666;
  int descriptor = -1;
  std::string temporary;
  Slot* slot = nullptr;
  std::string buffer;

  ~State() { discard(); }

  void discard() {
    if (descriptor >= 0) close(descriptor);
    descriptor = -1;
    if (slot == nullptr) return;
    unlink(temporary.c_str());
    slot->use = Slot::kFree;
    slot = nullptr;
  }

  [[noreturn]] void fail_create(int code, std::string hint = {}) const {
    throw Error(ErrorKind::kCannotCreate, fmt::format("{}: cannot create: {}", target, system_message(code)),
                std::move(hint));
  }
  [[noreturn]] void fail_write(int code) const {
    const bool full = (code == ENOSPC || code == EDQUOT) && policy.expected_bytes > 0;
    const std::string need =
        full ? fmt::format(" (needs about {})", format_bytes(static_cast<double>(policy.expected_bytes))) : "";
    fail(ErrorKind::kIo, "{}: cannot write: {}{}", target, system_message(code), need);
  }

  void probe();
  void probe_directory() const;
  void open_output();
  void send(std::string_view text);
  void flush();
  void publish();
};

void AtomicFile::State::probe() {
  if (target.empty()) fail(ErrorKind::kUsage, "output: expected a file name, found an empty one");
  if (target == "-" || target == "/dev/stdout") {
    is_stdout = is_stream = true;
    return;
  }
  struct stat info {};
  exists = stat(target.c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode)) fail_create(EISDIR);
  if ((exists && !S_ISREG(info.st_mode)) || names_descriptor(target)) {
    is_stream = true;
    if (access(target.c_str(), W_OK) != 0) fail_create(errno);
    return;
  }
  if (target.ends_with('/')) fail_create(EISDIR);
  if (exists) {
    mode = info.st_mode & 07777;
    if (policy.no_clobber) {
      throw Error(ErrorKind::kCannotCreate, fmt::format("{}: exists, and --no-clobber was given", target));
    }
  }
  file = follow_links(target);
  probe_directory();
}

void AtomicFile::State::probe_directory() const {
  const std::string directory = directory_name(file);
  struct stat info {};
  if (stat(directory.c_str(), &info) != 0) {
    fail_create(errno,
                errno == ENOENT ? fmt::format("the directory is not made for you: mkdir -p '{}'", directory) : "");
  }
  if (!S_ISDIR(info.st_mode)) fail_create(ENOTDIR);
  if (access(directory.c_str(), W_OK | X_OK) != 0) fail_create(errno);
  if (base_name(file).size() > kLongestName) fail_create(ENAMETOOLONG);
}

void AtomicFile::State::open_output() {
  if (descriptor >= 0 || is_stdout) return;
  FOVEA_CHECK(!finished, "{}: write after commit", target);
  if (is_stream) {
    // Late, so that a FIFO whose reader comes late does not stop us before the inputs are checked.
    descriptor = open(target.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) fail_create(errno);
    return;
  }
  for (int attempt = 0; attempt < 100; ++attempt) {
    temporary = temporary_path(file);
    slot = claim_slot(temporary);  // before the file exists: a signal in between finds nothing to remove
    descriptor = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode & 0777);
    if (descriptor >= 0) break;
    const int code = errno;
    slot->use = Slot::kFree;
    slot = nullptr;
    if (code == ENOSPC || code == EDQUOT) fail_write(code);
    if (code != EEXIST) fail_create(code);
  }
  if (descriptor < 0) fail_create(EEXIST);
  if (exists && fchmod(descriptor, mode) != 0) fail_create(errno);
}

void AtomicFile::State::send(std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::write(descriptor, text.data(), text.size());
    if (sent >= 0)
      text.remove_prefix(static_cast<size_t>(sent));
    else if (errno != EINTR)
      fail_write(errno);
  }
}

void AtomicFile::State::flush() {
  send(buffer);
  buffer.clear();
}

void AtomicFile::State::publish() {
  if (fsync(descriptor) != 0) fail_write(errno);
  const int closing = descriptor;
  descriptor = -1;
  if (close(closing) != 0 && errno != EINTR) fail_write(errno);
  int failed = -1;
  if (policy.no_clobber) {
    failed = renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, file.c_str(), RENAME_NOREPLACE);
    if (failed != 0 && errno == EEXIST)
      fail(ErrorKind::kCannotCreate, "{}: exists, and --no-clobber was given", target);
    if (failed != 0 && errno != EINVAL && errno != ENOSYS) fail_create(errno);
  }
  if (failed != 0 && rename(temporary.c_str(), file.c_str()) != 0) fail_create(errno);
  slot->use = Slot::kFree;
  slot = nullptr;
  const int directory = open(directory_name(file).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return;  // a directory may be writable and not readable: the rename stands
  const int synced = fsync(directory);
  const int code = errno;
  close(directory);
  if (synced != 0 && code != EINVAL && code != EROFS) fail_write(code);
}

AtomicFile::AtomicFile(std::string target, OutputPolicy policy) : state_(std::make_unique<State>()) {
  state_->target = std::move(target);
  state_->policy = policy;
  state_->probe();
}
AtomicFile::~AtomicFile() = default;
AtomicFile::AtomicFile(AtomicFile&&) noexcept = default;
AtomicFile& AtomicFile::operator=(AtomicFile&&) noexcept = default;

const std::string& AtomicFile::target() const { return state_->target; }
bool AtomicFile::is_stream() const { return state_->is_stream; }

const std::string& AtomicFile::path() const {
  FOVEA_CHECK(!state_->is_stream, "{}: a stream has no temporary file", state_->target);
  state_->open_output();
  return state_->temporary;
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void AtomicFile::write(std::string_view text) {
  if (state_->is_stdout) return write_stdout(text);
  state_->open_output();
  if (const int code = take_write_fault(); code != 0) state_->fail_write(code);
  if (state_->buffer.size() + text.size() > kBufferBytes) state_->flush();
  if (text.size() > kBufferBytes) {
    state_->send(text);
  } else {
    state_->buffer += text;
  }
}

void AtomicFile::commit() {
  FOVEA_CHECK(!state_->finished, "{}: committed twice", state_->target);
  if (state_->is_stdout) {
    flush_stdout();
  } else {
    state_->open_output();
    if (const int code = take_write_fault(); code != 0) state_->fail_write(code);
    state_->flush();
    if (state_->is_stream) {
      const int closing = std::exchange(state_->descriptor, -1);
      if (close(closing) != 0 && errno != EINTR) state_->fail_write(errno);
    } else {
      state_->publish();
    }
  }
  state_->finished = true;
}

void probe_output(const std::string& target, bool no_clobber) { const AtomicFile probe(target, {no_clobber, 0}); }

void write_file(const std::string& target, std::string_view bytes, OutputPolicy policy) {
  AtomicFile file(target, policy);
  file.write(bytes);
  file.commit();
}

void remove_temporary_files() noexcept {
  const int saved = errno;
  for (Slot& slot : slots) {
    if (slot.use == Slot::kLive) unlink(slot.path.data());
  }
  errno = saved;
}

void inject_write_fault(int64_t count, int code) {
  fault_code = code;
  fault_countdown = count;
}

int take_write_fault() {
  if (fault_countdown.load(std::memory_order_relaxed) < 0) return 0;
  if (fault_countdown == 0) return fault_code;  // a full disk stays full until the hook is taken off
  --fault_countdown;
  return 0;
}

}  // namespace fovea
