// The caching arena behind every tensor and workspace: blocks are kept and reused, so that a training step touches no
// fresh pages after its first run (page faults cost PyTorch 13-35 % of a step, engine.md section 3).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace fovea {

struct ArenaBlock;

// A copy of a block's contents in another layout (packed weights), valid while the block's version stands.
struct DerivedCopy {
  uint64_t key = 0, version = 0;
  const void* source = nullptr;  // where in the block the tensor began
  std::shared_ptr<const ArenaBlock> copy;
};

struct ArenaBlock {
  explicit ArenaBlock(int64_t bytes);  // 64-byte aligned; throws Error(kSystem) when memory is out
  ~ArenaBlock();                       // returns the memory to the arena
  ArenaBlock(const ArenaBlock&) = delete;
  ArenaBlock& operator=(const ArenaBlock&) = delete;
  void* data;
  int64_t capacity;
  std::atomic<uint64_t> version{0};  // rises whenever a writable pointer is handed out (Tensor::data, Tensor::raw)
  std::vector<DerivedCopy> derived;  // see Tensor::derived()
};

namespace arena {
int64_t bytes_in_use();
int64_t peak_bytes_in_use();
int64_t bytes_reserved();         // in use + cached
void release_cached();            // gives cached blocks back to the system
void poison_new_blocks(bool on);  // tests: every block handed out is filled with NaN bytes (0xFF)
}  // namespace arena

}  // namespace fovea
