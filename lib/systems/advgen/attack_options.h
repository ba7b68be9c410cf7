// What `advgen-train attack` can be told.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/option.h"
#include "systems/advgen/attack.h"

namespace fovea::advgen {

struct AttackOptions {
  std::string model, data, split = "test", generator;
  int64_t limit = 0;
  std::string attack = "pgd", eps, norm, loss, step_size;
  std::optional<int64_t> steps, restarts;
  std::string target = "none";  // none | CLASS | least-likely | next
  std::string label = "true";   // true | predicted
  std::string keep;             // best | last
  std::optional<bool> early_stop;
  bool quantise = false;
  int64_t batch = 128;
  std::string output;
};

void declare_attack(cli::OptionTable& table, AttackOptions& options);

// --target as a class: its name, or its number. Throws Error(kUsage).
int32_t target_class(const std::string& text, const std::vector<std::string>& names, int64_t classes);

// Names of the losses an attack can climb: ce, margin, dlr. Throws Error(kUsage).
ops::LogitLoss parse_attack_loss(const std::string& name);

}  // namespace fovea::advgen
