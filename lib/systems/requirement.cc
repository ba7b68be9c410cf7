#include "systems/requirement.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/text.h"

namespace fovea {
namespace {

double number_of(const eval::Cell& cell) {
  if (const auto* value = std::get_if<double>(&cell)) return *value;
  if (const auto* value = std::get_if<float>(&cell)) return static_cast<double>(*value);
  if (const auto* value = std::get_if<int64_t>(&cell)) return static_cast<double>(*value);
  return std::nan("");
}

}  // namespace

Requirement::Requirement(const std::string& text, const std::vector<std::string>& names) : text_(text) {
  const auto at = text.find_first_of("<>");
  if (at != std::string::npos) {
    name_ = text.substr(0, at);
    relation_ = text.substr(at, at + 1 < text.size() && text[at + 1] == '=' ? 2 : 1);
    const auto bound = parse_double(text.substr(at + relation_.size()));
    if (bound && std::find(names.begin(), names.end(), name_) != names.end()) {
      bound_ = *bound;
      return;
    }
  }
  throw Error(ErrorKind::kUsage, fmt::format("--require: expected NAME>=VALUE, found '{}'", printable(text)),
              "names: " + join(names, " "));
}

bool Requirement::holds(const eval::Table& table) const {
  const auto column = std::find_if(table.columns.begin(), table.columns.end(),
                                   [&](const eval::Column& item) { return item.name == name_; });
  FOVEA_CHECK(column != table.columns.end() && !table.rows.empty(), "no column {} or no row", name_);
  const double value = number_of(table.rows.back()[static_cast<size_t>(column - table.columns.begin())]);
  if (std::isnan(value)) return false;
  if (relation_ == ">=") return value >= bound_;
  if (relation_ == "<=") return value <= bound_;
  return relation_ == ">" ? value > bound_ : value < bound_;
}

}  // namespace fovea
