// Text files of one record a line, and numbers as their writers spell them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace fovea::data {

// A whole file of at most 1 GiB and max_memory(); "-" = stdin.
std::string read_lines_of(const std::string& path);

// Calls `use` with the words (between spaces and tabs) of each line that has any; `place` is "ORIGIN:LINE".
using LineUser = std::function<void(const std::vector<std::string_view>& words, const std::string& place)>;
void for_each_line(std::string_view text, const std::string& origin, const LineUser& use);

// Finite numbers; throw Error(kData, "PLACE: expected a number, found '...'").
double number_of(std::string_view word, std::string_view place);
// In the range of float, for coordinates and scores.
float float_of(double value, std::string_view place);
int64_t integer_of(std::string_view word, std::string_view place);

// The shortest text that reads back: as float if the value is one.
std::string number_text(double value);
// A 0-based coordinate counted from `base`, such that reading and subtracting `base` gives it back.
std::string coordinate_text(float value, int base);

}  // namespace fovea::data
