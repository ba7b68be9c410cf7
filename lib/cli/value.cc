#include "cli/value.h"

#include <algorithm>
#include <charconv>
#include <climits>
#include <cmath>

#include "base/error.h"
#include "base/text.h"

namespace fovea::cli {
namespace {

std::string bound_text(const OptionRecord& record, double bound) {
  if (record.size) return exact_size(static_cast<int64_t>(bound));
  if (record.duration) return exact_duration(bound);
  if (std::floor(bound) == bound && std::abs(bound) < 1e15) return fmt::format("{:.0f}", bound);  // 1000000, not 1e+06
  return format_number(bound);
}

bool inside(const OptionRecord& record, double x) {
  const bool above = !record.low || x > record.low->value || (record.low->inclusive && x == record.low->value);
  const bool below = !record.high || x < record.high->value || (record.high->inclusive && x == record.high->value);
  return above && below;
}

std::optional<uint64_t> parse_unsigned(std::string_view word) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, 10);
  if (word.empty() || error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return value;
}

std::optional<bool> parse_bool(std::string_view word) {
  for (const char* yes : {"true", "on", "yes", "1"}) {
    if (word == yes) return true;
  }
  for (const char* no : {"false", "off", "no", "0"}) {
    if (word == no) return false;
  }
  return std::nullopt;
}

std::optional<Value> read_number(const OptionRecord& record, std::string_view word) {
  switch (record.kind) {
    case ValueKind::kUnsigned:
      if (const auto value = parse_unsigned(word)) return Value(*value);
      return std::nullopt;
    case ValueKind::kReal: {
      const auto value = record.duration ? parse_duration(word) : parse_double(word);
      return value ? std::optional<Value>(*value) : std::nullopt;
    }
    default:
      break;
  }
  const auto value = record.size ? parse_size(word) : parse_int(word);
  if (!value || (record.narrow && (*value < INT_MIN || *value > INT_MAX))) return std::nullopt;
  return Value(*value);
}

double as_double(const Value& value) {
  if (const auto* real = std::get_if<double>(&value)) return *real;
  if (const auto* natural = std::get_if<uint64_t>(&value)) return static_cast<double>(*natural);
  return static_cast<double>(std::get<int64_t>(value));
}

std::string kind_text(const OptionRecord& record) {
  if (record.size) return "a size such as 512M or 4G";
  if (record.duration) return "a time such as 90s, 10m or 3h";
  switch (record.kind) {
    case ValueKind::kBool:
      return "true or false";
    case ValueKind::kUnsigned:
      return "a whole number >= 0";
    case ValueKind::kReal:
      return "a number";
    case ValueKind::kText:
      return "a text";
    default:
      return "a whole number";
  }
}

}  // namespace

std::string alternatives(const std::vector<std::string>& words) {
  std::string out;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += words[i];
  }
  return out;
}

std::string exact_size(int64_t bytes) {
  constexpr std::string_view kUnits = "TGMK";
  for (size_t i = 0; i < kUnits.size(); ++i) {
    const int shift = static_cast<int>(10 * (kUnits.size() - i));
    if (bytes != 0 && bytes % (int64_t{1} << shift) == 0) return fmt::format("{}{}", bytes >> shift, kUnits[i]);
  }
  return fmt::format("{}", bytes);
}

std::string exact_duration(double seconds) {
  if (seconds != std::floor(seconds) || seconds < 1 || seconds > 1e9)
    return format_number(seconds) + (seconds == 0 ? "" : "s");
  auto rest = static_cast<int64_t>(seconds);
  std::string out;
  for (const auto& [unit, length] : {std::pair{'h', 3600}, std::pair{'m', 60}, std::pair{'s', 1}}) {
    if (rest >= length) out += fmt::format("{}{}", rest / length, unit);
    rest %= length;
  }
  return out;
}

std::string expectation(const OptionRecord& record) {
  if (!record.choices.empty()) return alternatives(offered_choices(record));
  const bool numeric = record.kind != ValueKind::kBool && record.kind != ValueKind::kText;
  if (!numeric || (!record.low && !record.high)) return kind_text(record);
  std::string out;
  if (record.low && record.high) out = bound_text(record, record.low->value) + (record.low->inclusive ? " <= " : " < ");
  out += "x";
  if (record.high) return out + (record.high->inclusive ? " <= " : " < ") + bound_text(record, record.high->value);
  return out + (record.low->inclusive ? " >= " : " > ") + bound_text(record, record.low->value);
}

Value parse_value(const OptionRecord& record, std::string_view word, std::string_view place) {
  const auto wrong = [&](const std::string& expected, std::string hint = {}) {
    return Error(ErrorKind::kUsage, fmt::format("{}: expected {}, found '{}'", place, expected, printable(word)),
                 std::move(hint));
  };
  if (!record.choices.empty() &&
      std::find(record.choices.begin(), record.choices.end(), word) == record.choices.end()) {
    const std::string near = nearest(word, record.choices);
    throw wrong(expectation(record), near.empty() ? "" : fmt::format("did you mean '{}'?", near));
  }
  if (record.kind == ValueKind::kText) return std::string(word);
  if (record.kind == ValueKind::kBool) {
    const auto value = parse_bool(word);
    if (!value) throw wrong(kind_text(record));
    return *value;
  }
  const auto value = read_number(record, word);
  if (!value) throw wrong(kind_text(record));
  if (!inside(record, as_double(*value))) {
    fail(ErrorKind::kUsage, "{}: expected {}, found {}", place, expectation(record), printable(word));
  }
  return *value;
}

std::vector<Value> parse_values(const OptionRecord& record, const std::vector<std::string>& words,
                                std::string_view place) {
  std::vector<Value> values;
  if (!record.list) {
    if (!words.empty()) values.push_back(parse_value(record, words.back(), place));
    return values;
  }
  for (const auto& word : words) {
    // Commas may be part of a file's name; the shell's * and repetition serve there.
    const auto parts = record.input_path ? std::vector{word} : split(word, ',');
    for (const auto& part : parts) values.push_back(parse_value(record, part, place));
  }
  return values;
}

std::string value_text(const OptionRecord& record, const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* natural = std::get_if<uint64_t>(&value)) return fmt::format("{}", *natural);
  if (const auto* whole = std::get_if<int64_t>(&value))
    return record.size ? exact_size(*whole) : fmt::format("{}", *whole);
  const double real = std::get<double>(value);
  return record.duration ? exact_duration(real) : format_number(real);
}

std::string shown_default(const Option& option) {
  const OptionRecord& record = option.record();
  if (!record.default_text.empty()) return record.default_text;
  if (record.operand || record.required || record.kind == ValueKind::kCount) return {};
  std::vector<std::string> texts;
  for (const auto& value : option.binding().get()) texts.push_back(value_text(record, value));
  if (record.kind == ValueKind::kBool) return texts.empty() ? "" : texts[0] == "true" ? "on" : "off";
  return join(texts, ",");
}

}  // namespace fovea::cli
