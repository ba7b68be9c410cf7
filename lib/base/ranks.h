// The processes of a data-parallel job ("ranks"), as mpirun or srun started them. A job of one rank never touches MPI:
// a start of it costs 0.4 s. MPI itself sits in a shared object of its own that is opened when a job has several ranks.
#pragma once

#include <cstdint>
#include <span>

namespace fovea::ranks {

struct Place {
  int rank = 0, count = 1;
  int local_count = 1;  // ranks on this machine, which share its processors
};

// From the environment of the launcher: mpirun of Open MPI, mpiexec of MPICH, srun --mpi=pmix. {0, 1, 1} without one.
Place find_place();
const Place& place();  // the same, found once
inline bool several() { return place().count > 1; }
inline bool first() { return place().rank == 0; }

// Starts MPI if there are several ranks; once. Throws Error(kUnavailable) if this installation has none,
// Error(kInternal) if the launcher's word and MPI's disagree. Below, with one rank, nothing happens.
void join();
bool joined();

// Every rank must make the same calls in the same order; each waits for all others.
void sum(std::span<double> values);  // into every rank's values
void take_from_first(std::span<double> values);
bool any(bool mine);

// A sum over ranks that goes on while the caller computes. The values must stay where they are until wait_for_sums().
void start_sum(std::span<float> values);
void wait_for_sums();

// Ends MPI: leave() when all is well, abandon() to end the whole job with `code`, since the others would wait for ever.
void leave();
[[noreturn]] void abandon(int code);

}  // namespace fovea::ranks
