#include "tensor/kernels/dispatch.h"

#include <omp.h>

#include <atomic>

#include "base/cpu.h"
#include "base/parallel.h"

namespace fovea::kernels {
namespace {

std::atomic<bool> reference{false};
std::atomic<bool> bf16{false};

}  // namespace

void use_reference(bool on) { reference = on; }
bool reference_in_use() { return reference.load(std::memory_order_relaxed); }

void use_bf16(bool on) { bf16 = on; }
bool bf16_in_use() { return bf16.load(std::memory_order_relaxed) && has_amx_bf16(); }

void make_libraries_serial() {
  if (omp_get_max_threads() != 1) omp_set_num_threads(1);
}

}  // namespace fovea::kernels
