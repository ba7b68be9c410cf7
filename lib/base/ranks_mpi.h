// What the shared object with MPI offers: plain functions, so that no tool links MPI. Used by ranks.cc alone.
#pragma once

namespace fovea::ranks {

struct MpiFunctions {
  bool (*start)(int* rank, int* count);  // MPI_Init_thread; all further calls come from the thread that made this one
  void (*sum_floats)(float* values, int count);
  void (*sum_doubles)(double* values, int count);
  void (*take_from_first)(double* values, int count);
  void (*finish)();
  void (*abandon)(int code);
};

}  // namespace fovea::ranks

// The one symbol that is looked up by name.
extern "C" const fovea::ranks::MpiFunctions* fovea_mpi_functions();
