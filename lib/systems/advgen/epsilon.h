// Sizes of perturbations on the command line: pixel units, fractions welcome.
#pragma once

#include <string>
#include <string_view>

namespace fovea::advgen {

// "8/255", "0.031". Throws Error(kUsage) naming `option` for anything else, for values <= 0, and for a plain number
// over 1, which was surely meant in grey levels (spec section 11). L2 radii may be larger: `largest` is then their
// limit.
double parse_epsilon(std::string_view text, std::string_view option, double largest = 1);

// "8/255" where a whole number of grey levels says it exactly, else the number.
std::string epsilon_text(double epsilon);

}  // namespace fovea::advgen
