#include "systems/precision.h"

#include "base/cpu.h"
#include "base/log.h"
#include "tensor/kernels/dispatch.h"

namespace fovea {

void set_precision(const std::string& precision) {
  const bool wanted = precision == "bf16";
  if (wanted && !has_amx_bf16()) log::warning("--precision bf16: this CPU has no AMX, running in f32");
  kernels::use_bf16(wanted && has_amx_bf16());
}

}  // namespace fovea
