// The tables are tested themselves (style.md section 3).
#pragma once

#include <string>
#include <vector>

#include "cli/program.h"

namespace fovea::cli {

// What is wrong in the tables of `program`, one sentence each; empty if nothing: unique names, value names, full stops
// of the option lines, defaults that their own rules accept, a source for each number, short names that mean the same
// everywhere, rules that name options, references that resolve, lines of at most 79 columns in the help, examples that
// parse.
std::vector<std::string> check_program(const Program& program);

}  // namespace fovea::cli
