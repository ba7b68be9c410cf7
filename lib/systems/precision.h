// --precision of the inference verbs.
#pragma once

#include <string>

namespace fovea {

// "f32" or "bf16"; bf16 without AMX warns and stays f32.
void set_precision(const std::string& precision);

}  // namespace fovea
