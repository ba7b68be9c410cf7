// Instruction sets, found once at start. Our hot kernels are built for each level and chosen by it.
#pragma once

#include <string>

namespace fovea {

enum class IsaLevel { kBaseline = 0, kV3 = 1, kV4 = 2 };  // x86-64 psABI levels; other CPUs are baseline

// The best level of this CPU, lowered by the environment variable FOVEA_ISA (baseline, v3, v4), for tests.
IsaLevel isa_level();
const char* isa_name(IsaLevel level);

// True if the CPU and the kernel offer AMX tiles with bf16; requests the tile permission on first use.
bool has_amx_bf16();

// For --version and logs: "x86-64-v3, AMX no".
std::string cpu_summary();

}  // namespace fovea
