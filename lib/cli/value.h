// Words of the command line, the environment or a file as values, and back. Rules and messages: files-and-cli
// section 10.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/option.h"

namespace fovea::cli {

// What the option accepts, for messages: "0 <= x < 1", "a whole number", "table, tsv or jsonl".
std::string expectation(const OptionRecord& record);

// One word. Throws Error(kUsage, "PLACE: expected ..., found ..."); `place` is "--momentum", "FOVEA_MOMENTUM",
// "f.toml:3: momentum".
Value parse_value(const OptionRecord& record, std::string_view word, std::string_view place);

// Words as values: a list that does not name files is split at commas; of a scalar's words the last one counts.
std::vector<Value> parse_values(const OptionRecord& record, const std::vector<std::string>& words,
                                std::string_view place);

// A text that parse_value reads back: "512M", "1h30m", "0.1".
std::string value_text(const OptionRecord& record, const Value& value);

// For help: the record's default_text, or the bound value, or "" if there is nothing to say.
std::string shown_default(const Option& option);

// Size and duration without loss: 1536 -> "1536", 2048 -> "2K"; 5400 -> "1h30m".
std::string exact_size(int64_t bytes);
std::string exact_duration(double seconds);

// "a, b or c"
std::string alternatives(const std::vector<std::string>& words);

}  // namespace fovea::cli
