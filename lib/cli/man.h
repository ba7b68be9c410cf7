// The man page, section 1, in roff. No date: equal input gives equal bytes.
#pragma once

#include <string>

#include "cli/layout.h"

namespace fovea::cli {

// `prose` may be empty: description, examples, files and see-also then come from the Program. Otherwise it is the text
// of man/<tool>.1.in: sections start with "# TITLE", paragraphs are separated by blank lines, indented lines are
// literal, {opt:name} names an option. A section of the same title replaces ours, DESCRIPTION before COMMANDS, the
// others behind. OPTIONS, EXIT STATUS and ENVIRONMENT are always generated; a prose section of such a title is an
// Error(kData).
std::string man_page(const ProgramView& view, const std::string& prose = {});

// Text for roff: backslashes, hyphens, leading dots and quotes.
std::string roff_escape(std::string_view text);

}  // namespace fovea::cli
