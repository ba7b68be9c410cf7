// From words to values: flag > environment > configuration file > default, then the rules between options.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/config.h"
#include "cli/parse.h"
#include "cli/program.h"

namespace fovea::cli {

enum class Origin { kDefault, kConfig, kEnvironment, kCommandLine };

struct Resolved {
  std::map<std::string, Origin, std::less<>> origin;  // by long name; absent: kDefault
  std::vector<std::string> warnings;                  // options that have no effect

  Origin of(std::string_view long_name) const;
};

// The configuration file that flag or environment name, read and checked against all verbs of the program: a section
// must be a verb, a key an option of it (before the first section: of any verb). Empty without one.
std::vector<ConfigEntry> load_config(const Program& program, const ParsedWords& parsed);

// Sets all options and operands of `table`. Throws Error(kUsage).
Resolved resolve(OptionTable& table, const ParsedWords& parsed, const std::vector<ConfigEntry>& config,
                 const std::string& verb);

// Required options and operands, needs, excludes; collects warnings about ignored options. Throws Error(kUsage).
void check_rules(const OptionTable& table, Resolved& resolved);

// The values as TOML that load_config reads back, each with its origin as a comment.
std::string render_config(const OptionTable& table, const Resolved& resolved, const std::string& verb);

}  // namespace fovea::cli
