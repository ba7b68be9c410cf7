#include "tensor/kernels/isa/table.h"

#include <vector>

#include "base/cpu.h"

namespace fovea {

// One function of each file in isa/, compiled for each instruction set.
#define FOVEA_FILLS(apply)                                                                                         \
  apply(fill_pointwise) apply(fill_norm) apply(fill_lrn) apply(fill_pool) apply(fill_optimizer) apply(fill_random) \
      apply(fill_wide) apply(fill_spread) apply(fill_panel_product) apply(fill_attention) apply(fill_fft)          \
          apply(fill_spatial)

#define FOVEA_DECLARE_FILL(name) void name(kernels::KernelTable& table);
#define FOVEA_LIST_FILL(name) name,

namespace isa_baseline {
FOVEA_FILLS(FOVEA_DECLARE_FILL)
}
#if defined(__x86_64__)
namespace isa_v3 {
FOVEA_FILLS(FOVEA_DECLARE_FILL)
}
namespace isa_v4 {
FOVEA_FILLS(FOVEA_DECLARE_FILL)
}
#endif

namespace kernels {
namespace {

using Fill = void (*)(KernelTable&);

std::vector<Fill> fills(IsaLevel level) {
#if defined(__x86_64__)
  if (level == IsaLevel::kV4) {
    using namespace isa_v4;
    return {FOVEA_FILLS(FOVEA_LIST_FILL)};
  }
  if (level == IsaLevel::kV3) {
    using namespace isa_v3;
    return {FOVEA_FILLS(FOVEA_LIST_FILL)};
  }
#endif
  static_cast<void>(level);
  using namespace isa_baseline;
  return {FOVEA_FILLS(FOVEA_LIST_FILL)};
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
