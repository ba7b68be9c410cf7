#include "io/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

namespace fovea::io {

ByteSource::ByteSource(const std::string& path) : name_(path) {
  if (path == "-") {
    name_ = "standard input";
    read_stream(path);
    return;
  }
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    fail(ErrorKind::kNoInput, "{}: cannot open: {}", path, system_message(errno));
  }
  if (S_ISDIR(status.st_mode)) fail_data(path + ": not an HDF5 file", "signature \\x89HDF", "a directory");
  if (!S_ISREG(status.st_mode)) {  // FIFO, /dev/stdin, process substitution
    read_stream(path);
    return;
  }
  file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file_ < 0) fail(ErrorKind::kNoInput, "{}: cannot open: {}", path, system_message(errno));
  if (::fstat(file_, &status) != 0) {
    const int code = errno;
    close();
    fail(ErrorKind::kIo, "{}: cannot read: {}", path, system_message(code));
  }
  size_ = status.st_size;
}

void ByteSource::read_stream(const std::string& path) {
  bytes_ = read_file(path, max_memory(), kH5Signature);
  size_ = static_cast<int64_t>(bytes_.size());
}

ByteSource::ByteSource(std::vector<std::byte> bytes, std::string name)
    : name_(std::move(name)), bytes_(std::move(bytes)), size_(static_cast<int64_t>(bytes_.size())) {}

ByteSource::~ByteSource() { close(); }

ByteSource::ByteSource(ByteSource&& other) noexcept
    : name_(std::move(other.name_)),
      bytes_(std::move(other.bytes_)),
      size_(other.size_),
      file_(std::exchange(other.file_, -1)) {}

ByteSource& ByteSource::operator=(ByteSource&& other) noexcept {
  if (this != &other) {
    close();
    name_ = std::move(other.name_);
    bytes_ = std::move(other.bytes_);
    size_ = other.size_;
    file_ = std::exchange(other.file_, -1);
  }
  return *this;
}

void ByteSource::close() {
  if (file_ >= 0) ::close(file_);
  file_ = -1;
}

void ByteSource::read(int64_t offset, std::span<std::byte> out) const {
  const int64_t count = static_cast<int64_t>(out.size());
  FOVEA_CHECK(offset >= 0 && offset <= size_ && count <= size_ - offset, "{}: read of {} bytes at {} of {}", name_,
              count, offset, size_);
  if (count == 0) return;
  if (file_ < 0) {
    std::memcpy(out.data(), bytes_.data() + offset, out.size());
    return;
  }
  size_t done = 0;
  while (done < out.size()) {
    const ssize_t got = ::pread(file_, out.data() + done, out.size() - done, offset + static_cast<int64_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(ErrorKind::kIo, "{}: cannot read: {}", name_, system_message(errno));
    if (got == 0) fail(ErrorKind::kIo, "{}: cannot read: the file became shorter while it was read", name_);
    done += static_cast<size_t>(got);
  }
}

}  // namespace fovea::io
