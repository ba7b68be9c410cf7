// Shell completions, as scripts that a package installs. Words only: the tools are not run while completing.
#pragma once

#include <string>

#include "cli/layout.h"

namespace fovea::cli {

std::string bash_completion(const ProgramView& view);
std::string zsh_completion(const ProgramView& view);
std::string fish_completion(const ProgramView& view);

// The tool's own options, for the place where a verb is expected: "--help".
std::vector<std::string> own_option_words();
// 'it'\''s'
std::string shell_quote(std::string_view text);

}  // namespace fovea::cli
