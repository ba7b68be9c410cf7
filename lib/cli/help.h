// -h, --help and --help-json.
#pragma once

#include <string>

#include "cli/layout.h"

namespace fovea::cli {

std::string short_help(const ProgramView& view);  // of the tool: its commands
std::string long_help(const ProgramView& view);
std::string short_help(const ProgramView& view, const CommandView& command);  // fits a screen
std::string long_help(const ProgramView& view, const CommandView& command);   // everything, examples at the end
std::string help_json(const ProgramView& view);

}  // namespace fovea::cli
