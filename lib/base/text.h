// Text without locale: numbers, escaping, nearest names. Everything printed or parsed goes through here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fovea {

// Base 10 only ("010" is ten), whole string, no spaces. nullopt on anything else or on overflow.
std::optional<int64_t> parse_int(std::string_view text);
// Finite decimal number, whole string. nullopt on NaN, infinity, hex floats, trailing characters.
std::optional<double> parse_double(std::string_view text);
// "512M", "4G", "100" -> bytes (units of 1024). nullopt on anything else.
std::optional<int64_t> parse_size(std::string_view text);
// "90s", "10m", "3h", "1h30m" -> seconds; a bare number is seconds.
std::optional<double> parse_duration(std::string_view text);

// Shortest text that reads back to the same value; "nan", "inf", "-inf".
std::string format_number(double value);
std::string format_number(float value);
// "1.5 GiB", for messages.
std::string format_bytes(double bytes);
// "2h03m", "41s", for messages.
std::string format_duration(double seconds);

std::string_view trim(std::string_view text);
std::vector<std::string> split(std::string_view text, char separator);  // keeps empty fields; "" -> {""}
std::string join(const std::vector<std::string>& parts, std::string_view separator);
bool is_valid_utf8(std::string_view text);

// A hostile or over-long token for a message: control characters as \xNN, at most `limit` bytes, then "...".
std::string printable(std::string_view text, size_t limit = 60);
// For TSV cells: tab, newline, backslash as \t \n \\.
std::string escape_tsv(std::string_view text);

// Edit distance with transpositions, and the candidate nearest to `word`, empty if none is near.
size_t edit_distance(std::string_view a, std::string_view b);
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace fovea
