#include "io/json.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace fovea::io {
namespace {

constexpr int64_t kExactInteger = int64_t{1} << 53;  // readers that hold numbers as doubles are exact up to here

struct Style {
  bool sorted = true;
  int indent = -1;  // -1: one line
};

void write_string(const std::string& text, std::string& out) {
  out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void write_scalar(const Json& value, std::string& out) {
  if (value.is_string()) {
    write_string(value.get_ref<const std::string&>(), out);
  } else if (value.is_boolean()) {
    out += value.get<bool>() ? "true" : "false";
  } else if (value.is_number_float()) {
    const double number = value.get<double>();
    out += std::isfinite(number) ? format_number(number) : "null";
  } else if (value.is_number_unsigned()) {
    const uint64_t number = value.get<uint64_t>();
    out += number > static_cast<uint64_t>(kExactInteger) ? fmt::format("\"{}\"", number) : fmt::format("{}", number);
  } else if (value.is_number_integer()) {
    const int64_t number = value.get<int64_t>();
    out +=
        number < -kExactInteger || number > kExactInteger ? fmt::format("\"{}\"", number) : fmt::format("{}", number);
  } else {
    out += "null";
  }
}

void write_value(const Json& value, const Style& style, int depth, std::string& out) {
  if (!value.is_structured()) return write_scalar(value, out);
  FOVEA_CHECK(depth <= kJsonMaxDepth, "JSON nested deeper than {}", kJsonMaxDepth);
  const bool object = value.is_object();
  // Short lists of numbers and words stay on their line.
  const bool flat =
      !object && std::none_of(value.begin(), value.end(), [](const Json& item) { return item.is_structured(); });
  const auto line = [&](int level) {
    if (style.indent >= 0 && !flat) out += "\n" + std::string(static_cast<size_t>(level * style.indent), ' ');
  };
  std::vector<Json::const_iterator> items;
  for (auto it = value.begin(); it != value.end(); ++it) items.push_back(it);
  if (object && style.sorted) {
    std::sort(items.begin(), items.end(), [](const auto& a, const auto& b) { return a.key() < b.key(); });
  }
  out += object ? '{' : '[';
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += flat && style.indent >= 0 ? ", " : ",";
    line(depth + 1);
    if (object) {
      write_string(items[i].key(), out);
      out += style.indent >= 0 ? ": " : ":";
    }
    write_value(*items[i], style, depth + 1, out);
  }
  if (!items.empty()) line(depth);
  out += object ? '}' : ']';
}

// "FILE:LINE:COLUMN" of the byte before which parsing stopped; columns count bytes from 1.
[[noreturn]] void fail_at(std::string_view text, size_t byte, const std::string& origin, std::string_view what) {
  const size_t at = std::min(byte > 0 ? byte - 1 : 0, text.size());
  const auto before = text.substr(0, at);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  size_t end = at;
  while (end < text.size() && end - at < 60 && text[end] != '\n' && text[end] != ',' && text[end] != ' ') ++end;
  if (end == at && at < text.size()) ++end;
  const std::string found = at >= text.size() ? "the end" : "\"" + printable(text.substr(at, end - at)) + "\"";
  fail(ErrorKind::kData, "{}:{}:{}: {}, found {}", origin, line, at - start + 1, what, found);
}

const Json& member(const Json& object, const std::string& key, const std::string& origin) {
  if (!object.is_object() || !object.contains(key)) fail_data(origin + ": " + printable(key), "a value", "nothing");
  return object.at(key);
}

}  // namespace

std::string canonical_json(const Json& value) {
  std::string text;
  write_value(value, {}, 0, text);
  return text;
}

std::string pretty_json(const Json& value) {
  std::string text;
  write_value(value, {false, 2}, 0, text);
  return text + "\n";
}

Json parse_json(std::string_view text, const std::string& origin) {
  size_t place = 0;
  const Json::parser_callback_t watch = [&](int depth, Json::parse_event_t, Json&) {
    if (depth > kJsonMaxDepth) {
      fail(ErrorKind::kData, "{}: JSON: expected at most {} levels, found more", origin, kJsonMaxDepth);
    }
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), watch);
  } catch (const Json::parse_error& error) {
    place = error.byte;
  } catch (const Json::exception&) {
    fail(ErrorKind::kData, "{}: JSON: expected numbers within float64, found a larger one", origin);
  }
  fail_at(text, place, origin, "expected valid JSON");
}

Json read_json_file(const std::string& path, int64_t limit) { return parse_json(read_text_file(path, limit), path); }

std::string json_text(const Json& object, const std::string& key, const std::string& origin) {
  const Json& value = member(object, key, origin);
  if (!value.is_string()) fail_data(origin + ": " + printable(key), "a string", value.type_name());
  return value.get<std::string>();
}

int64_t json_int(const Json& object, const std::string& key, const std::string& origin) {
  const Json& value = member(object, key, origin);
  if (value.is_string()) {  // beyond 2^53
    if (const auto number = parse_int(value.get_ref<const std::string&>())) return *number;
  } else if (value.is_number_unsigned() && value.get<uint64_t>() >> 63 == 0) {
    return static_cast<int64_t>(value.get<uint64_t>());
  } else if (value.is_number_integer() && !value.is_number_unsigned()) {
    return value.get<int64_t>();
  }
  fail_data(origin + ": " + printable(key), "an integer", value.is_number_float() ? "a fraction" : value.type_name());
}

double json_number(const Json& object, const std::string& key, const std::string& origin) {
  const Json& value = member(object, key, origin);
  if (!value.is_number()) fail_data(origin + ": " + printable(key), "a number", value.type_name());
  return value.get<double>();
}

}  // namespace fovea::io
