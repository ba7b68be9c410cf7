#include "systems/advgen/epsilon.h"

#include <cmath>
#include <optional>

#include "base/error.h"
#include "base/text.h"

namespace fovea::advgen {
namespace {

std::optional<double> number_or_fraction(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return parse_double(std::string(text));
  const auto above = parse_double(std::string(text.substr(0, slash)));
  const auto below = parse_double(std::string(text.substr(slash + 1)));
  if (!above || !below || !(*below > 0)) return std::nullopt;
  return *above / *below;
}

}  // namespace

double parse_epsilon(std::string_view text, std::string_view option, double largest) {
  const auto value = number_or_fraction(text);
  if (!value || !std::isfinite(*value) || *value <= 0) {
    fail(ErrorKind::kUsage, "--{}: expected a number above 0 or a fraction such as 8/255, found '{}'", option,
         printable(text));
  }
  if (*value > largest) {
    throw Error(ErrorKind::kUsage,
                fmt::format("--{}: expected at most {}, found {}", option, format_number(largest), printable(text)),
                fmt::format("pixel values are in [0,1]; did you mean {}/255?", printable(text)));
  }
  return *value;
}

std::string epsilon_text(double epsilon) {
  const double levels = epsilon * 255, whole = std::round(levels);
  if (whole >= 1 && std::abs(levels - whole) < 1e-9) return fmt::format("{}/255", static_cast<int64_t>(whole));
  return format_number(epsilon);
}

}  // namespace fovea::advgen
