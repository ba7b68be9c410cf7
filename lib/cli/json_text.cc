#include "cli/json_text.h"

#include <fmt/format.h>

#include <cmath>

#include "base/text.h"

namespace fovea::cli {
namespace {
constexpr int64_t kExact = int64_t{1} << 53;  // beyond it, readers that use doubles lose digits
}

std::string json_quote(std::string_view text) {
  const std::string safe = is_valid_utf8(text) ? std::string(text) : printable(text, text.size() * 4);
  std::string out = "\"";
  for (const char c : safe) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20)
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        else
          out += c;
    }
  }
  return out + "\"";
}

std::string json_array(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const auto& text : texts) out += (out.size() > 1 ? "," : "") + json_quote(text);
  return out + "]";
}

std::string json_value(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return json_quote(*text);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* natural = std::get_if<uint64_t>(&value)) {
    return *natural > static_cast<uint64_t>(kExact) ? fmt::format("\"{}\"", *natural) : fmt::format("{}", *natural);
  }
  if (const auto* whole = std::get_if<int64_t>(&value)) {
    return *whole > kExact || *whole < -kExact ? fmt::format("\"{}\"", *whole) : fmt::format("{}", *whole);
  }
  const double real = std::get<double>(value);
  return std::isfinite(real) ? format_number(real) : "null";
}

}  // namespace fovea::cli
