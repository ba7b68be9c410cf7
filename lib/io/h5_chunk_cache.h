// The last decoded chunk of each dataset, so that reading a data set item by item decodes each chunk once.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace fovea::io {

struct H5Object;

class H5ChunkCache {
 public:
  using Bytes = std::shared_ptr<const std::vector<std::byte>>;

  Bytes find(const H5Object* object, int64_t chunk) {
    const std::lock_guard lock(mutex_);
    const auto entry = entries_.find(object);
    return entry != entries_.end() && entry->second.first == chunk ? entry->second.second : nullptr;
  }
  void keep(const H5Object* object, int64_t chunk, Bytes bytes) {
    const std::lock_guard lock(mutex_);
    entries_[object] = {chunk, std::move(bytes)};
  }

 private:
  std::mutex mutex_;
  std::map<const H5Object*, std::pair<int64_t, Bytes>> entries_;
};

}  // namespace fovea::io
