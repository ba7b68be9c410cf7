#include "tensor/kernels/isa/table.h"

#include <array>

#include "base/cpu.h"

namespace fovea {

// One function of each file in isa/, compiled for each instruction set.
#define FOVEA_DECLARE_FILLS                         \
  void fill_pointwise(kernels::KernelTable& table); \
  void fill_norm(kernels::KernelTable& table);      \
  void fill_lrn(kernels::KernelTable& table);       \
  void fill_pool(kernels::KernelTable& table);      \
  void fill_optimizer(kernels::KernelTable& table); \
  void fill_random(kernels::KernelTable& table);    \
  void fill_wide(kernels::KernelTable& table);      \
  void fill_spread(kernels::KernelTable& table);

namespace isa_baseline {
FOVEA_DECLARE_FILLS
}
#if defined(__x86_64__)
namespace isa_v3 {
FOVEA_DECLARE_FILLS
}
namespace isa_v4 {
FOVEA_DECLARE_FILLS
}
#endif
#undef FOVEA_DECLARE_FILLS

namespace kernels {
namespace {

using Fill = void (*)(KernelTable&);

std::array<Fill, 8> fills(IsaLevel level) {
#if defined(__x86_64__)
  if (level == IsaLevel::kV4) {
    using namespace isa_v4;
    return {fill_pointwise, fill_norm, fill_lrn, fill_pool, fill_optimizer, fill_random, fill_wide, fill_spread};
  }
  if (level == IsaLevel::kV3) {
    using namespace isa_v3;
    return {fill_pointwise, fill_norm, fill_lrn, fill_pool, fill_optimizer, fill_random, fill_wide, fill_spread};
  }
#endif
  static_cast<void>(level);
  using namespace isa_baseline;
  return {fill_pointwise, fill_norm, fill_lrn, fill_pool, fill_optimizer, fill_random, fill_wide, fill_spread};
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
