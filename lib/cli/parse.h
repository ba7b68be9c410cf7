// The argument vector as words per option. CLI11 does the splitting; nothing is converted here.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/option.h"

namespace fovea::cli {

struct ParsedWords {
  // By long name, in the order given. Switches: "true" or "false"; counts: one "true" for each time.
  std::map<std::string, std::vector<std::string>, std::less<>> words;
  std::vector<std::string> operands;

  bool has(std::string_view long_name) const { return words.find(long_name) != words.end(); }
};

// Throws Error(kUsage) for unknown options (with the nearest name as hint) and missing values.
ParsedWords parse_words(const OptionTable& table, const std::vector<std::string>& arguments);

}  // namespace fovea::cli
