// libfovea-mpi.so: MPI behind base/ranks_mpi.h. MPI's default error handler ends the job, which is what we want.
#include <mpi.h>

#include "base/ranks_mpi.h"

namespace {

bool start(int* rank, int* count) {
  int provided = 0;
  // The communication thread makes all calls, and it is the one that starts MPI.
  if (MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS) return false;
  MPI_Comm_rank(MPI_COMM_WORLD, rank);
  MPI_Comm_size(MPI_COMM_WORLD, count);
  return true;
}

void sum_floats(float* values, int count) {
  MPI_Allreduce(MPI_IN_PLACE, values, count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
}
void sum_doubles(double* values, int count) {
  MPI_Allreduce(MPI_IN_PLACE, values, count, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
}
void take_from_first(double* values, int count) { MPI_Bcast(values, count, MPI_DOUBLE, 0, MPI_COMM_WORLD); }
void finish() { MPI_Finalize(); }
void abandon(int code) { MPI_Abort(MPI_COMM_WORLD, code); }

constexpr fovea::ranks::MpiFunctions kFunctions{start, sum_floats, sum_doubles, take_from_first, finish, abandon};

}  // namespace

extern "C" const fovea::ranks::MpiFunctions* fovea_mpi_functions() { return &kFunctions; }
