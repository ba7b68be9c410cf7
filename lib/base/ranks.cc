#include "base/ranks.h"

#include <dlfcn.h>

#include <algorithm>
#include <climits>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/error.h"
#include "base/ranks_mpi.h"
#include "base/signals.h"
#include "base/text.h"

#ifndef FOVEA_LIBRARY_FOLDER
#error \
    "FOVEA_LIBRARY_FOLDER comes from the build: where libfovea-mpi.so is installed, seen from the folder of the tools"
#endif

namespace fovea::ranks {
namespace {

constexpr const char* kLibrary = "libfovea-mpi.so";

int number(const char* variable, int missing) {
  const char* text = std::getenv(variable);
  const auto value = text == nullptr ? std::nullopt : parse_int(text);
  return value && *value >= 0 && *value <= INT_MAX ? static_cast<int>(*value) : missing;
}

const MpiFunctions* open_library() {
  std::error_code ignored;
  const auto tools = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
  std::string reason;
  for (const std::string& path :
       {(tools / kLibrary).string(), (tools / FOVEA_LIBRARY_FOLDER / kLibrary).string(), std::string(kLibrary)}) {
    // Global, because Open MPI's own modules look for its symbols.
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
    if (library == nullptr) {
      reason = dlerror();
      continue;
    }
    const auto get = reinterpret_cast<decltype(&fovea_mpi_functions)>(dlsym(library, "fovea_mpi_functions"));
    if (get != nullptr) return get();
  }
  throw Error(ErrorKind::kUnavailable,
              fmt::format("started as rank {} of {}, but MPI is not there: {}", place().rank, place().count, reason),
              "install the package fovea-mpi, or build fovea where MPI is installed (Debian: libopenmpi-dev)");
}

// One thread makes every call of MPI, in the order in which they were asked for: sums go on beside the computation
// although MPI libraries as a rule make progress only inside their calls.
class Exchange {
 public:
  Exchange() : mpi_(*open_library()) {
    {
      const signals::BlockedScope blocked;
      thread_ = std::thread([this] { serve(); });
    }
    int rank = -1, count = 0;
    bool started = false;
    run([&] { started = mpi_.start(&rank, &count); });
    FOVEA_CHECK(started, "MPI does not start");
    FOVEA_CHECK(rank == place().rank && count == place().count, "the launcher says rank {} of {}, MPI rank {} of {}",
                place().rank, place().count, rank, count);
  }

  const MpiFunctions& mpi() const { return mpi_; }

  void start(std::function<void()> call) {
    const std::scoped_lock lock(mutex_);
    calls_.push_back(std::move(call));
    ++open_;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_ == 0; });
  }
  void run(std::function<void()> call) {
    start(std::move(call));
    wait();
  }
  void finish() {
    run([this] { mpi_.finish(); });
    start(nullptr);
    thread_.join();
  }

 private:
  void serve() {
    for (;;) {
      std::function<void()> call;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return !calls_.empty(); });
        call = std::move(calls_.front());
        calls_.pop_front();
      }
      if (call == nullptr) return;
      call();
      const std::scoped_lock lock(mutex_);
      --open_;
      changed_.notify_all();
    }
  }

  const MpiFunctions& mpi_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> calls_;
  int open_ = 0;  // calls that were asked for and have not ended
  std::thread thread_;
};

Exchange* exchange = nullptr;  // never destroyed but by leave(): ranks end together or not at all

// MPI counts in int.
template <typename T, typename Call>
void in_pieces(std::span<T> values, Call&& call) {
  while (!values.empty()) {
    const auto piece = values.first(std::min<size_t>(values.size(), INT_MAX));
    call(piece.data(), static_cast<int>(piece.size()));
    values = values.subspan(piece.size());
  }
}

}  // namespace

// A batch script of Slurm has SLURM_NTASKS without being a rank; only a step that talks PMIx counts.
Place find_place() {
  struct Launcher {
    const char *sign, *rank, *count, *local_count;
  };
  constexpr Launcher kLaunchers[] = {
      {"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE"},
      {"PMIX_RANK", "PMIX_RANK", "SLURM_STEP_NUM_TASKS", "SLURM_NTASKS_PER_NODE"},
      {"PMI_SIZE", "PMI_RANK", "PMI_SIZE", "MPI_LOCALNRANKS"},
  };
  for (const Launcher& launcher : kLaunchers) {
    if (std::getenv(launcher.sign) == nullptr) continue;
    const Place place{number(launcher.rank, -1), number(launcher.count, 0), number(launcher.local_count, 1)};
    if (place.count > 1 && place.rank >= 0 && place.rank < place.count) return place;
  }
  return {};
}

const Place& place() {
  static const Place found = find_place();
  return found;
}

void join() {
  if (several() && exchange == nullptr) exchange = new Exchange;
}

bool joined() { return exchange != nullptr; }

void sum(std::span<double> values) {
  if (!joined()) return;
  exchange->run([=] { in_pieces(values, exchange->mpi().sum_doubles); });
}

void take_from_first(std::span<double> values) {
  if (!joined()) return;
  exchange->run([=] { in_pieces(values, exchange->mpi().take_from_first); });
}

bool any(bool mine) {
  double count = mine ? 1 : 0;
  sum({&count, 1});
  return count > 0;
}

void start_sum(std::span<float> values) {
  if (!joined()) return;
  exchange->start([=] { in_pieces(values, exchange->mpi().sum_floats); });
}

void wait_for_sums() {
  if (joined()) exchange->wait();
}

void leave() {
  if (!joined()) return;
  exchange->finish();
  delete exchange;
  exchange = nullptr;
}

void abandon(int code) {
  // From this thread, whatever the other one waits in: the job ends here.
  if (joined()) exchange->mpi().abandon(code);
  std::_Exit(code);
}

}  // namespace fovea::ranks
