#include "tensor/kernels/isa/table.h"

#include <array>

#include "base/cpu.h"

namespace fovea {

namespace isa_baseline {
void fill_pointwise(kernels::KernelTable& table);
void fill_norm(kernels::KernelTable& table);
void fill_lrn(kernels::KernelTable& table);
void fill_pool(kernels::KernelTable& table);
void fill_optimizer(kernels::KernelTable& table);
void fill_random(kernels::KernelTable& table);
void fill_wide(kernels::KernelTable& table);
void fill_fft(kernels::KernelTable& table);
void fill_spatial(kernels::KernelTable& table);
}  // namespace isa_baseline

#if defined(__x86_64__)
namespace isa_v3 {
void fill_pointwise(kernels::KernelTable& table);
void fill_norm(kernels::KernelTable& table);
void fill_lrn(kernels::KernelTable& table);
void fill_pool(kernels::KernelTable& table);
void fill_optimizer(kernels::KernelTable& table);
void fill_random(kernels::KernelTable& table);
void fill_wide(kernels::KernelTable& table);
void fill_fft(kernels::KernelTable& table);
void fill_spatial(kernels::KernelTable& table);
}  // namespace isa_v3
namespace isa_v4 {
void fill_pointwise(kernels::KernelTable& table);
void fill_norm(kernels::KernelTable& table);
void fill_lrn(kernels::KernelTable& table);
void fill_pool(kernels::KernelTable& table);
void fill_optimizer(kernels::KernelTable& table);
void fill_random(kernels::KernelTable& table);
void fill_wide(kernels::KernelTable& table);
void fill_fft(kernels::KernelTable& table);
void fill_spatial(kernels::KernelTable& table);
}  // namespace isa_v4
#endif

namespace kernels {
namespace {

using Fill = void (*)(KernelTable&);

std::array<Fill, 9> fills(IsaLevel level) {
#if defined(__x86_64__)
  if (level == IsaLevel::kV4) {
    using namespace isa_v4;
    return {fill_pointwise, fill_norm, fill_lrn, fill_pool, fill_optimizer, fill_random, fill_wide, fill_fft, fill_spatial};
  }
  if (level == IsaLevel::kV3) {
    using namespace isa_v3;
    return {fill_pointwise, fill_norm, fill_lrn, fill_pool, fill_optimizer, fill_random, fill_wide, fill_fft, fill_spatial};
  }
#endif
  static_cast<void>(level);
  using namespace isa_baseline;
  return {fill_pointwise, fill_norm, fill_lrn, fill_pool, fill_optimizer, fill_random, fill_wide, fill_fft, fill_spatial};
}

KernelTable choose_table() {
  KernelTable table{};
  for (const Fill fill : fills(isa_level())) fill(table);
  return table;
}

}  // namespace

const KernelTable& kernel_table() {
  static const KernelTable table = choose_table();
  return table;
}

}  // namespace kernels
}  // namespace fovea
