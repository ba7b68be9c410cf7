// Random access to the bytes of an HDF5 file that may be a file, a pipe (read whole) or memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fovea::io {

inline constexpr std::string_view kH5Signature = "\x89HDF\r\n\x1a\n";

// Thread-safe. Movable only.
class ByteSource {
 public:
  // "-" and anything that is not a regular file is read whole, up to max_memory(), if it begins like HDF5. Throws
  // Error(kNoInput) if it can't be opened, (kData) for a directory.
  explicit ByteSource(const std::string& path);
  ByteSource(std::vector<std::byte> bytes, std::string name);
  ~ByteSource();
  ByteSource(ByteSource&& other) noexcept;
  ByteSource& operator=(ByteSource&& other) noexcept;

  const std::string& name() const { return name_; }
  int64_t size() const { return size_; }
  // REQUIRES offset + out.size() <= size(). Throws Error(kIo) on a read error or if the file shrank meanwhile.
  void read(int64_t offset, std::span<std::byte> out) const;

 private:
  void close();
  void read_stream(const std::string& path);

  std::string name_;
  std::vector<std::byte> bytes_;
  int64_t size_ = 0;
  int file_ = -1;
};

}  // namespace fovea::io
