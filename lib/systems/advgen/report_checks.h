// The signs of gradient masking: a defence that hides gradients instead of being robust (spec section 8.3; after
// Athalye, Carlini, Wagner 2018 and Carlini et al. 2019).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "systems/advgen/report.h"

namespace fovea::advgen {

struct Check {
  std::string id;         // D1..D10
  std::string statement;  // what holds for an honest model
  std::string first_name, second_name;
  std::optional<double> first, second;  // absent: the attacks for it were not run
  bool suspicious = false;

  bool was_run() const { return first.has_value() && second.has_value(); }
};

// All ten, in order.
std::vector<Check> masking_checks(const ModelReport& report);

std::vector<std::string> suspicious_ids(const std::vector<Check>& checks);

}  // namespace fovea::advgen
