// The verbs that every tool has and that know nothing of its system: merge, verify, --info.
#pragma once

#include <string>

#include "cli/program.h"

namespace fovea {

cli::Command merge_command();
cli::Command verify_command();
int print_info(const std::string& path);

}  // namespace fovea
