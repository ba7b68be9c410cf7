// What a file remembers of the call that made it (files-and-cli section 3).
#pragma once

#include <string>

#include "cli/parse.h"

namespace fovea::cli {

// Canonical JSON: sorted keys, no spaces, shortest round-trip numbers. Options without effect on the content are left
// out; input paths are base names; an absent optional is null. Operands stand under their names in capitals.
std::string parameters_json(const OptionTable& table);

// JSON array: tool, verb, the content options of the command line in table order, then the operands' base names.
std::string command_line_json(const std::string& tool, const std::string& verb, const OptionTable& table,
                              const ParsedWords& parsed);

}  // namespace fovea::cli
