// JSON with bounds on what is read and one spelling of what is written.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace fovea::io {

using Json = nlohmann::ordered_json;

// One line, no spaces, keys sorted bytewise, numbers as short as they read back, NaN and infinity as null, integers
// beyond 2^53 as strings, invalid UTF-8 replaced. Equal values give equal text.
std::string canonical_json(const Json& value);
// The same spelling of values, indented by two spaces and in insertion order, lists of scalars on
// one line, for people; ends with a newline.
std::string pretty_json(const Json& value);

inline constexpr int kJsonMaxDepth = 64;
inline constexpr int64_t kJsonMaxBytes = int64_t{1} << 30;

// Throws Error(kData, "ORIGIN:LINE:COLUMN: ...") for anything but one JSON value of at most kJsonMaxDepth levels.
Json parse_json(std::string_view text, const std::string& origin);
Json read_json_file(const std::string& path, int64_t limit = kJsonMaxBytes);

// Typed members; throw Error(kData, "ORIGIN: KEY: expected ..., found ...").
std::string json_text(const Json& object, const std::string& key, const std::string& origin);
int64_t json_int(const Json& object, const std::string& key, const std::string& origin);
double json_number(const Json& object, const std::string& key, const std::string& origin);

}  // namespace fovea::io
