#include "nn/layer_reader.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace fovea::nn {

std::string LayerReader::place() const { return fmt::format("{}:{}", net_.origin, line_.line); }

const std::string* LayerReader::value(const std::string& key) {
  asked_.push_back(key);
  return line_.find(key);
}

void LayerReader::fail_key(const std::string& key, const std::string& expected, const std::string& found) const {
  fail_data(fmt::format("{}: {}: {}", place(), line_.name, key), expected, found);
}

int64_t LayerReader::integer(const std::string& key, int64_t low, int64_t high) {
  const std::string* given = value(key);
  const std::string expected = fmt::format("an integer {}..{}", low, high);
  if (given == nullptr) fail_key(key, expected, "nothing");
  const auto number = parse_int(*given);
  if (!number || *number < low || *number > high) fail_key(key, expected, fmt::format("'{}'", printable(*given)));
  return *number;
}

int64_t LayerReader::integer(const std::string& key, int64_t low, int64_t high, int64_t default_value) {
  if (line_.find(key) != nullptr) return integer(key, low, high);
  asked_.push_back(key);
  return default_value;
}

double LayerReader::number(const std::string& key, double low, double high) {
  const std::string* given = value(key);
  const std::string expected = fmt::format("a number {}..{}", format_number(low), format_number(high));
  if (given == nullptr) fail_key(key, expected, "nothing");
  const auto number = parse_double(*given);
  if (!number || *number < low || *number > high) fail_key(key, expected, fmt::format("'{}'", printable(*given)));
  return *number;
}

double LayerReader::number(const std::string& key, double low, double high, double default_value) {
  if (line_.find(key) != nullptr) return number(key, low, high);
  asked_.push_back(key);
  return default_value;
}

bool LayerReader::yes_no(const std::string& key, bool default_value) {
  return choice(key, {"yes", "no"}, default_value ? "yes" : "no") == "yes";
}

std::string LayerReader::choice(const std::string& key, const std::vector<std::string>& choices,
                                const std::string& default_value) {
  const std::string* given = value(key);
  if (given == nullptr) return default_value;
  if (std::find(choices.begin(), choices.end(), *given) == choices.end()) {
    fail_key(key, join(choices, " | "), fmt::format("'{}'", printable(*given)));
  }
  return *given;
}

std::string LayerReader::text(const std::string& key, const std::string& default_value) {
  const std::string* given = value(key);
  return given == nullptr ? default_value : *given;
}

std::vector<double> LayerReader::numbers(const std::string& key) {
  std::vector<double> out;
  const std::string* given = value(key);
  if (given == nullptr) return out;
  for (const auto& part : split(*given, ',')) {
    const auto number = parse_double(part);
    if (!number) fail_key(key, "numbers separated by commas", fmt::format("'{}'", printable(*given)));
    out.push_back(*number);
  }
  return out;
}

std::pair<int, int> LayerReader::extents(const std::string& key, int64_t low, int64_t high, int default_value) {
  const std::string* given = value(key);
  if (given == nullptr && default_value > 0) return {default_value, default_value};
  const std::string expected = fmt::format("N or HxW, each {}..{}", low, high);
  if (given == nullptr) fail_key(key, expected, "nothing");
  const auto parts = split(*given, 'x');
  const auto first = parse_int(parts[0]), second = parse_int(parts.back());
  const bool in_range = first && second && *first >= low && *first <= high && *second >= low && *second <= high;
  if (parts.size() > 2 || !in_range) fail_key(key, expected, fmt::format("'{}'", printable(*given)));
  return {static_cast<int>(*first), static_cast<int>(*second)};
}

std::array<int, 4> LayerReader::margins(const std::string& key) {
  auto sides = numbers(key);
  if (sides.empty()) sides = {0};
  if (sides.size() == 1) sides.resize(4, sides[0]);
  const auto fits = [](double side) { return side >= 0 && side <= 1024 && side == static_cast<int>(side); };
  if (sides.size() != 4 || !std::all_of(sides.begin(), sides.end(), fits)) {
    fail_key(key, "N | top,bottom,left,right, each 0..1024", fmt::format("'{}'", printable(text(key, ""))));
  }
  return {static_cast<int>(sides[0]), static_cast<int>(sides[1]), static_cast<int>(sides[2]),
          static_cast<int>(sides[3])};
}

void LayerReader::finish() const {
  for (const auto& [key, unused] : line_.keys) {
    if (std::find(asked_.begin(), asked_.end(), key) != asked_.end()) continue;
    const std::string near = nearest(key, asked_);
    throw Error(ErrorKind::kData,
                fmt::format("{}: {}: '{}' has no key '{}'", place(), line_.name, line_.kind, printable(key)),
                near.empty() ? "" : fmt::format("did you mean '{}'?", near));
  }
}

void LayerReader::expect_inputs(size_t low, size_t high) const {
  if (line_.inputs.size() >= low && line_.inputs.size() <= high) return;
  fail_data(fmt::format("{}: {}: in", place(), line_.name),
            low == high ? fmt::format("{} layer(s)", low) : fmt::format("at least {} layers", low),
            fmt::format("{}", line_.inputs.size()));
}

}  // namespace fovea::nn
