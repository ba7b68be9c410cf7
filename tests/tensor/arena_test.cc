#include "tensor/arena.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include "base/error.h"

namespace fovea {

TEST_CASE("arena: blocks are aligned, large enough, and counted") {
  const int64_t before = arena::bytes_in_use();
  {
    std::vector<std::unique_ptr<ArenaBlock>> blocks;
    for (const int64_t bytes : {0, 1, 63, 64, 65, 512, 513, 1000, 4096, 100000, 3000001, 5 << 20}) {
      blocks.push_back(std::make_unique<ArenaBlock>(bytes));
      const ArenaBlock& block = *blocks.back();
      CHECK(reinterpret_cast<uintptr_t>(block.data) % 64 == 0);
      CHECK(block.capacity >= bytes);
      CHECK(block.capacity <= bytes + bytes / 7 + 64);  // classes are 1/8 of a doubling apart
      if (bytes > 0) std::memset(block.data, 1, static_cast<size_t>(bytes));
    }
    CHECK(arena::bytes_in_use() > before);
    CHECK(arena::peak_bytes_in_use() >= arena::bytes_in_use());
  }
  CHECK(arena::bytes_in_use() == before);
  CHECK(arena::bytes_reserved() > before);
  arena::release_cached();
  CHECK(arena::bytes_reserved() == before);
}

TEST_CASE("arena: a freed block is handed out again") {
  void* first = nullptr;
  { first = ArenaBlock(123456).data; }
  const ArenaBlock again(123000);  // of the same size class
  CHECK(again.data == first);
}

TEST_CASE("arena: poisoned blocks hold NaN") {
  arena::poison_new_blocks(true);
  const ArenaBlock block(64 * sizeof(double));
  arena::poison_new_blocks(false);
  const auto* values = static_cast<const double*>(block.data);
  for (int i = 0; i < 64; ++i) CHECK(std::isnan(values[i]));
}

TEST_CASE("arena: threads may allocate and free at the same time") {
  const int64_t before = arena::bytes_in_use();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 2000; ++i) {
        const ArenaBlock block(1 + (i * 37 + t * 11) % 5000);
        static_cast<char*>(block.data)[0] = static_cast<char>(t);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(arena::bytes_in_use() == before);
}

TEST_CASE("arena: more memory than there is ends in a system error") {
  try {
    const ArenaBlock block(int64_t{1} << 60);
    FAIL("expected an error");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kSystem);
    CHECK(std::string(error.what()).find("out of memory") != std::string::npos);
  }
}

}  // namespace fovea
