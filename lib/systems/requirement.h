// --require of the eval commands: a condition on one number of the report.
#pragma once

#include <string>
#include <vector>

#include "eval/table.h"

namespace fovea {

// "NAME>=VALUE", also with <=, > and <.
class Requirement {
 public:
  // Throws Error(kUsage) for other texts and for names that are not among `names`.
  Requirement(const std::string& text, const std::vector<std::string>& names);

  const std::string& text() const { return text_; }
  // Of the last row, in the column called NAME. An absent number fulfils nothing. REQUIRES such a column and a row.
  bool holds(const eval::Table& table) const;

 private:
  std::string text_, name_, relation_;
  double bound_ = 0;
};

}  // namespace fovea
