#include "nn/schedule.h"

#include <cmath>
#include <numbers>

#include "base/error.h"
#include "base/text.h"

namespace fovea::nn {
namespace {

[[noreturn]] void fail_schedule(const std::string& text) {
  throw Error(ErrorKind::kUsage, fmt::format("--schedule: expected a schedule, found '{}'", printable(text)),
              "constant | exponential:0.96@8e | staircase:0.1@20000 | steps:0.1@30000;45000 | linear | cosine");
}

}  // namespace

Schedule Schedule::parse(const std::string& text, double decay_speed) {
  Schedule out;
  out.speed_ = decay_speed;
  if (text == "constant") return out;
  if (text == "linear" || text == "cosine") {
    out.kind_ = text == "linear" ? Kind::kLinear : Kind::kCosine;
    return out;
  }
  const auto colon = text.find(':'), at = text.find('@');
  if (colon == std::string::npos || at == std::string::npos || at < colon) fail_schedule(text);
  const std::string name = text.substr(0, colon);
  if (name == "exponential")
    out.kind_ = Kind::kExponential;
  else if (name == "staircase")
    out.kind_ = Kind::kStaircase;
  else if (name == "steps")
    out.kind_ = Kind::kSteps;
  else
    fail_schedule(text);
  const auto factor = parse_double(text.substr(colon + 1, at - colon - 1));
  if (!factor || *factor <= 0 || *factor > 10) fail_schedule(text);
  out.factor_ = *factor;
  for (std::string part : split(text.substr(at + 1), ';')) {
    const bool epochs = part.ends_with('e');
    if (epochs) part.pop_back();
    const auto length = parse_double(part);
    if (!length || *length <= 0) fail_schedule(text);
    out.periods_.push_back({*length, epochs});
  }
  if (out.kind_ != Kind::kSteps && out.periods_.size() != 1) fail_schedule(text);
  return out;
}

double Schedule::rate(double base, int64_t step, int64_t total, int64_t epoch_steps, int64_t warmup) const {
  const double now = static_cast<double>(step);
  if (step < warmup) base *= static_cast<double>(step + 1) / static_cast<double>(warmup + 1);
  const double progress = total > 0 ? std::min(1.0, now / static_cast<double>(total)) : 0;
  const auto steps_of = [&](const Period& period) {
    return period.length * (period.epochs ? static_cast<double>(epoch_steps) : 1) / speed_;
  };
  switch (kind_) {
    case Kind::kConstant:
      return base;
    case Kind::kExponential:
      return base * std::pow(factor_, now / steps_of(periods_[0]));
    case Kind::kStaircase:
      return base * std::pow(factor_, std::floor(now / steps_of(periods_[0])));
    case Kind::kSteps: {
      for (const auto& period : periods_) base *= now >= steps_of(period) ? factor_ : 1;
      return base;
    }
    case Kind::kLinear:
      return base * (1 - progress);
    case Kind::kCosine:
      return base * 0.5 * (1 + std::cos(std::numbers::pi * progress));
  }
  return base;
}

}  // namespace fovea::nn
