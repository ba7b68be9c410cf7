// One pool of threads, used in one way: the libraries (oneDNN, OpenBLAS, OpenCV) run serially, and our code runs them
// in parallel over a partition of the work that is a function of the problem alone. Results are therefore the same for
// every thread count, by construction. The pool is our own and not OpenMP's: gomp's threads spin between regions, which
// made a training step four times slower in wall and CPU time on a machine that others used too.
#pragma once

#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

namespace fovea {

// Threads of the pool. 0 restores the default: SLURM_CPUS_PER_TASK, else affinity mask and cgroup quota, shared with
// the other ranks on this machine.
void set_thread_count(int count);
int thread_count();
int default_thread_count();

// True on a thread that is inside parallel_for: nested calls run serially.
bool in_parallel();

namespace detail {
using TaskFunction = void (*)(void* context, int64_t index);
void run_tasks(int64_t tasks, TaskFunction function, void* context);
}  // namespace detail

// Calls body(i) for i in [0, tasks), each once, on any thread in any order. The first exception is rethrown.
template <typename Body>
void parallel_tasks(int64_t tasks, Body&& body) {
  using Raw = std::remove_reference_t<Body>;
  detail::run_tasks(
      tasks, [](void* context, int64_t i) { (*static_cast<Raw*>(context))(i); },
      const_cast<void*>(static_cast<const void*>(&body)));
}

// Splits [0, count) into blocks of `grain` (the last may be shorter) and calls body(begin, end) for each.
// The partition depends on count and grain only: per-block partial results may be combined in block order.
template <typename Body>
void parallel_blocks(int64_t count, int64_t grain, Body&& body) {
  const int64_t blocks = grain > 0 ? (count + grain - 1) / grain : 0;
  parallel_tasks(blocks, [&](int64_t block) {
    const int64_t begin = block * grain;
    body(begin, begin + grain < count ? begin + grain : count);
  });
}

// compute(i) for i in [0, count) on any thread; consume(i, result) on the calling thread, in order. At most `group`
// results wait at a time. compute's result type needs a default constructor.
template <typename Compute, typename Consume>
void parallel_ordered(int64_t count, int64_t group, Compute&& compute, Consume&& consume) {
  using Result = decltype(compute(int64_t{0}));
  std::vector<Result> results(static_cast<size_t>(group < count ? group : count));
  for (int64_t begin = 0; begin < count; begin += group) {
    const int64_t size = begin + group < count ? group : count - begin;
    parallel_tasks(size, [&](int64_t i) { results[static_cast<size_t>(i)] = compute(begin + i); });
    for (int64_t i = 0; i < size; ++i) consume(begin + i, std::move(results[static_cast<size_t>(i)]));
  }
}

}  // namespace fovea
