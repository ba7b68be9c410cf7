#include "base/parallel.h"

#include <omp.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>

#include "base/error.h"
#include "base/ranks.h"
#include "base/signals.h"
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
  return std::max(1, std::min(affinity, cgroup_quota(affinity)) / ranks::place().local_count);
}

namespace {

// Spinning this often, with a pause instruction each time, lasts some 40 microseconds: longer than the gaps between the
// parallel regions of a training step, short enough not to burn the time slices of others on a shared node. Waking a
// worker that sleeps costs the caller 8 microseconds, and the worker joins 13 later (virtual machine, futex).
constexpr int kSpins = 2000;

thread_local bool inside_region = false;

inline void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

struct Job {
  detail::TaskFunction function = nullptr;
  void* context = nullptr;
  int64_t tasks = 0;
  int wanted = 0;  // workers that may still join; guarded by Pool::mutex
  std::atomic<int64_t> next{0};
  std::atomic<bool> failed{false};
  std::exception_ptr failure;  // written once, by who set `failed`

  void work() {
    inside_region = true;
    for (int64_t i = next.fetch_add(1); i < tasks && !failed; i = next.fetch_add(1)) {
      try {
        function(context, i);
      } catch (...) {
        if (!failed.exchange(true)) failure = std::current_exception();
      }
    }
    inside_region = false;
  }
};

// Workers sleep until a job is announced, join it if they come in time, and leave. A worker that wakes up late finds
// no job: the caller never waits for a thread that was not running.
class Pool {
 public:
  void run(Job& job, int workers) {
    {
      const std::scoped_lock lock(mutex_);
      if (started_ < workers) start(workers);
      job.wanted = workers;
      job_ = &job;
      ++announced_;
    }
    announced_.notify_all();
    job.work();
    {
      const std::scoped_lock lock(mutex_);
      job_ = nullptr;
    }
    for (int spins = 0; working_ != 0; ++spins) {
      if (spins < kSpins)
        pause();
      else if (const uint32_t left = working_; left != 0)
        working_.wait(left);
    }
    if (job.failure) std::rethrow_exception(job.failure);
  }

  std::mutex region;  // held by the thread whose job it is

 private:
  void start(int workers) {
    const signals::BlockedScope blocked;
    for (; started_ < workers; ++started_) std::thread([this] { serve(); }).detach();
  }

  [[noreturn]] void serve() {
    omp_set_num_threads(1);  // oneDNN and OpenBLAS run serially on this thread too
    for (uint32_t seen = 0;;) {
      for (int spins = 0; announced_.load() == seen && spins < kSpins; ++spins) pause();
      announced_.wait(seen);
      Job* job = nullptr;
      {
        const std::scoped_lock lock(mutex_);
        seen = announced_.load();
        if (job_ != nullptr && job_->wanted > 0) {
          job = job_;
          --job->wanted;
          ++working_;
        }
      }
      if (job == nullptr) continue;
      job->work();
      if (--working_ == 0) working_.notify_all();
    }
  }

  std::mutex mutex_;
  Job* job_ = nullptr;
  int started_ = 0;
  std::atomic<uint32_t> announced_{0};
  std::atomic<uint32_t> working_{0};  // workers that have joined the job and not left
};

// Never destroyed: its threads may still be asleep in it when the process ends.
Pool& pool() {
  static Pool* const instance = new Pool;
  return *instance;
}

}  // namespace

void set_thread_count(int count) {
  pool_threads = count > 0 ? count : default_thread_count();
  omp_set_num_threads(1);  // what oneDNN and OpenBLAS read: see the header
}

int thread_count() {
  if (pool_threads == 0) set_thread_count(0);
  return pool_threads;
}

bool in_parallel() { return inside_region; }

namespace detail {

void run_tasks(int64_t tasks, TaskFunction function, void* context) {
  const int threads = static_cast<int>(std::min<int64_t>(thread_count(), tasks));
  std::unique_lock<std::mutex> region;
  if (threads > 1 && !inside_region) region = std::unique_lock(pool().region, std::try_to_lock);
  if (!region.owns_lock()) {
    for (int64_t i = 0; i < tasks; ++i) function(context, i);
    return;
  }
  Job job;
  job.function = function;
  job.context = context;
  job.tasks = tasks;
  pool().run(job, threads - 1);
}

}  // namespace detail
}  // namespace fovea
