#include "data/text_lines.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

namespace fovea::data {
namespace {

constexpr int64_t kMaxTextBytes = int64_t{1} << 30;
constexpr std::string_view kSpace = " \t\r\v\f";

}  // namespace

std::string read_lines_of(const std::string& path) {
  return read_text_file(path, std::min(kMaxTextBytes, max_memory()));
}

void for_each_line(std::string_view text, const std::string& origin, const LineUser& use) {
  std::vector<std::string_view> words;
  int64_t line = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view rest = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++line;
    words.clear();
    for (size_t begin = rest.find_first_not_of(kSpace); begin != std::string_view::npos;
         begin = rest.find_first_not_of(kSpace)) {
      rest.remove_prefix(begin);
      const size_t length = std::min(rest.find_first_of(kSpace), rest.size());
      words.push_back(rest.substr(0, length));
      rest.remove_prefix(length);
    }
    if (!words.empty()) use(words, fmt::format("{}:{}", origin, line));
  }
}

double number_of(std::string_view word, std::string_view place) {
  if (const auto value = parse_double(word)) return *value;
  fail_data(place, "a number", "'" + printable(word) + "'");
}

float float_of(double value, std::string_view place) {
  if (std::abs(value) > static_cast<double>(std::numeric_limits<float>::max())) {
    fail_data(place, "a number within float32", format_number(value));
  }
  return static_cast<float>(value);
}

int64_t integer_of(std::string_view word, std::string_view place) {
  if (const auto value = parse_int(word)) return *value;
  fail_data(place, "a whole number", "'" + printable(word) + "'");
}

std::string number_text(double value) {
  const auto narrow = static_cast<float>(value);
  return static_cast<double>(narrow) == value ? format_number(narrow) : format_number(value);
}

std::string coordinate_text(float value, int base) {
  std::string text = format_number(value + static_cast<float>(base));
  const auto back = parse_double(text);
  if (back && static_cast<float>(*back - base) == value) return text;
  return format_number(static_cast<double>(value) + base);
}

}  // namespace fovea::data
