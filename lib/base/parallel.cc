#include "base/parallel.h"

#include <omp.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <string>

#include "base/error.h"
#include "base/text.h"

namespace fovea {
namespace {

std::atomic<int> pool_threads{0};

int affinity_count() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

// cgroup v2 writes "quota period" or "max period".
int cgroup_quota(int fallback) {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max" || period <= 0) return fallback;
  const auto value = parse_double(quota);
  return value ? std::max(1, static_cast<int>(std::ceil(*value / period))) : fallback;
}

}  // namespace

int default_thread_count() {
  if (const char* slurm = std::getenv("SLURM_CPUS_PER_TASK"); slurm != nullptr) {
    if (const auto value = parse_int(slurm); value && *value > 0 && *value < 100000) return static_cast<int>(*value);
  }
  const int affinity = affinity_count();
  return std::min(affinity, cgroup_quota(affinity));
}

void set_thread_count(int count) {
  pool_threads = count > 0 ? count : default_thread_count();
  omp_set_num_threads(1);  // what oneDNN and OpenBLAS read: see the header
}

int thread_count() {
  if (pool_threads == 0) set_thread_count(0);
  return pool_threads;
}

bool in_parallel() { return omp_in_parallel() != 0; }

namespace detail {

void run_tasks(int64_t tasks, TaskFunction function, void* context) {
  const int threads = static_cast<int>(std::min<int64_t>(thread_count(), tasks));
  if (threads <= 1 || omp_in_parallel() != 0) {
    for (int64_t i = 0; i < tasks; ++i) function(context, i);
    return;
  }
  std::exception_ptr failure;
  std::atomic<bool> failed{false};
#pragma omp parallel for num_threads(threads) schedule(dynamic, 1)
  for (int64_t i = 0; i < tasks; ++i) {
    if (failed.load(std::memory_order_relaxed)) continue;
    try {
      function(context, i);
    } catch (...) {
#pragma omp critical(fovea_run_tasks)
      if (!failed.exchange(true)) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace detail
}  // namespace fovea
