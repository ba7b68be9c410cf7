// Where values wait until the file is made: in memory, and beyond a budget in one unnamed temporary file beside the
// target.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace fovea::io {

// Shared by the spools of one writer.
class SpoolStore {
 public:
  // `directory` empty: memory only, and at most `limit` bytes of it, else Error(kData) naming `target`.
  SpoolStore(std::string target, std::string directory, int64_t limit);
  ~SpoolStore();
  SpoolStore(const SpoolStore&) = delete;
  SpoolStore& operator=(const SpoolStore&) = delete;

  // Called before `bytes` more are kept in memory. True if the caller should move its bytes to disk.
  bool grow(int64_t bytes);
  void shrink(int64_t bytes) { memory_ -= bytes; }
  int64_t append(std::span<const std::byte> bytes);  // to disk; returns the position
  void read(int64_t position, std::span<std::byte> out) const;

 private:
  void open();

  std::string target_, directory_;
  int64_t limit_;
  int64_t memory_ = 0;
  int64_t end_ = 0;
  int file_ = -1;
};

class Spool {
 public:
  explicit Spool(SpoolStore& store) : store_(&store) {}

  void append(std::span<const std::byte> bytes);
  int64_t size() const { return size_; }
  // Bytes [offset, offset + count): a view into memory, or read into `buffer`.
  std::span<const std::byte> view(int64_t offset, int64_t count, std::vector<std::byte>& buffer) const;
  void clear();

 private:
  struct Segment {
    int64_t first, position, bytes;
  };
  SpoolStore* store_;
  std::vector<Segment> segments_;  // on disk, before tail_
  std::vector<std::byte> tail_;
  int64_t size_ = 0;
};

}  // namespace fovea::io
