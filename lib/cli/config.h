// Configuration files: a subset of TOML, which also reads plain INI (files-and-cli section 10).
//
//   seed = 7                      # for every verb that has the option
//   [train]
//   data = ["a.h5", "b.h5"]
//   learning-rate = 0.1
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fovea::cli {

struct ConfigEntry {
  std::string section;             // a verb, or empty
  std::string key;                 // a long name
  std::vector<std::string> words;  // one, or those of an array
  bool array = false;
  std::string place;  // "run.toml:3"
};

// Throws Error(kUsage, "run.toml:3: ...") for what cannot be read and for keys that stand twice in a section.
std::vector<ConfigEntry> parse_config(std::string_view text, const std::string& file_name);

// A TOML string with the escapes that parse_config reads back.
std::string toml_quote(std::string_view text);

}  // namespace fovea::cli
