#include "base/cpu.h"

#include <cstdlib>
#include <string_view>

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "base/error.h"

namespace fovea {
namespace {

IsaLevel hardware_level() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                  __builtin_cpu_supports("avx512cd");
  if (v4) return IsaLevel::kV4;
  if (v3) return IsaLevel::kV3;
#endif
  return IsaLevel::kBaseline;
}

IsaLevel find_level() {
  const IsaLevel hardware = hardware_level();
  const char* wish = std::getenv("FOVEA_ISA");
  if (wish == nullptr) return hardware;
  for (const IsaLevel level : {IsaLevel::kBaseline, IsaLevel::kV3, IsaLevel::kV4}) {
    if (std::string_view(wish) == isa_name(level)) return level < hardware ? level : hardware;
  }
  fail(ErrorKind::kUsage, "FOVEA_ISA: expected baseline, v3 or v4, found {:.40}", wish);
}

bool request_amx() {
#if defined(__x86_64__)
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0) return false;
  constexpr unsigned kAmxBf16 = 1U << 22, kAmxTile = 1U << 24;
  if ((edx & kAmxBf16) == 0 || (edx & kAmxTile) == 0) return false;
  constexpr long kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

}  // namespace

IsaLevel isa_level() {
  static const IsaLevel level = find_level();
  return level;
}

const char* isa_name(IsaLevel level) {
  switch (level) {
    case IsaLevel::kV4:
      return "v4";
    case IsaLevel::kV3:
      return "v3";
    case IsaLevel::kBaseline:
      break;
  }
  return "baseline";
}

bool has_amx_bf16() {
  static const bool available = request_amx();
  return available;
}

std::string cpu_summary() { return fmt::format("{}, AMX {}", isa_name(isa_level()), has_amx_bf16() ? "yes" : "no"); }

}  // namespace fovea
