#include "io/h5_spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

namespace fovea::io {
namespace {

constexpr size_t kSegmentBytes = size_t{1} << 20;  // smaller pieces stay in memory: many seeks cost more than they save

}  // namespace

SpoolStore::SpoolStore(std::string target, std::string directory, int64_t limit)
    : target_(std::move(target)), directory_(std::move(directory)), limit_(limit) {}

SpoolStore::~SpoolStore() {
  if (file_ >= 0) ::close(file_);
}

bool SpoolStore::grow(int64_t bytes) {
  memory_ += bytes;
  if (memory_ <= limit_) return false;
  if (!directory_.empty()) return true;
  throw Error(ErrorKind::kData, target_ + ": the output is too large for a pipe: it is made in memory first",
              "write to a file instead, or raise --max-memory");
}

void SpoolStore::open() {
  std::string name = directory_ + "/.fovea-spool.XXXXXX";
  file_ = ::mkstemp(name.data());
  if (file_ < 0)
    fail(ErrorKind::kCannotCreate, "{}: cannot create a temporary file: {}", target_, system_message(errno));
  ::fcntl(file_, F_SETFD, FD_CLOEXEC);
  ::unlink(name.c_str());  // nobody has to clean up
}

int64_t SpoolStore::append(std::span<const std::byte> bytes) {
  if (file_ < 0) open();
  const int64_t position = end_;
  while (!bytes.empty()) {
    const int fault = take_write_fault();
    const ssize_t done = fault != 0 ? -1 : ::pwrite(file_, bytes.data(), bytes.size(), end_);
    if (done < 0) {
      const int code = fault != 0 ? fault : errno;
      if (code == EINTR) continue;
      fail(ErrorKind::kIo, "{}: cannot write: {}", target_, system_message(code));
    }
    end_ += done;
    bytes = bytes.subspan(static_cast<size_t>(done));
  }
  return position;
}

void SpoolStore::read(int64_t position, std::span<std::byte> out) const {
  while (!out.empty()) {
    const ssize_t done = ::pread(file_, out.data(), out.size(), position);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) fail(ErrorKind::kIo, "{}: cannot read back: {}", target_, system_message(done < 0 ? errno : EIO));
    position += done;
    out = out.subspan(static_cast<size_t>(done));
  }
}

void Spool::append(std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  const bool full = store_->grow(static_cast<int64_t>(bytes.size()));
  tail_.insert(tail_.end(), bytes.begin(), bytes.end());
  size_ += static_cast<int64_t>(bytes.size());
  if (!full || tail_.size() < kSegmentBytes) return;
  const int64_t count = static_cast<int64_t>(tail_.size());
  segments_.push_back({size_ - count, store_->append(tail_), count});
  std::vector<std::byte>().swap(tail_);
  store_->shrink(count);
}

std::span<const std::byte> Spool::view(int64_t offset, int64_t count, std::vector<std::byte>& buffer) const {
  const int64_t tail_first = size_ - static_cast<int64_t>(tail_.size());
  if (offset >= tail_first) {
    return std::span(tail_).subspan(static_cast<size_t>(offset - tail_first), static_cast<size_t>(count));
  }
  buffer.resize(static_cast<size_t>(count));
  auto segment = std::upper_bound(segments_.begin(), segments_.end(), offset,
                                  [](int64_t at, const Segment& s) { return at < s.first; });
  --segment;
  int64_t done = 0;
  for (; done < count && segment != segments_.end(); ++segment) {
    const int64_t inside = offset + done - segment->first;
    const int64_t part = std::min(count - done, segment->bytes - inside);
    store_->read(segment->position + inside,
                 std::span(buffer).subspan(static_cast<size_t>(done), static_cast<size_t>(part)));
    done += part;
  }
  if (done < count) std::memcpy(buffer.data() + done, tail_.data(), static_cast<size_t>(count - done));
  return buffer;
}

void Spool::clear() {
  store_->shrink(static_cast<int64_t>(tail_.size()));
  std::vector<std::byte>().swap(tail_);
  segments_.clear();
  size_ = 0;
}

}  // namespace fovea::io
