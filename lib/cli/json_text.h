// The little JSON that this room writes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/option.h"

namespace fovea::cli {

// A JSON string. Bytes that are not UTF-8 appear as \\xNN, because JSON has no other way.
std::string json_quote(std::string_view text);
std::string json_array(const std::vector<std::string>& texts);  // of strings
// Shortest round-trip numbers; whole numbers beyond 2^53 as strings; not finite: null.
std::string json_value(const Value& value);

}  // namespace fovea::cli
