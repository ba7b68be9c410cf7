// Learning-rate schedules as pure functions of the step, so that resuming needs no state.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fovea::nn {

// Text form:
//   constant
//   exponential:FACTOR@STEPS        rate * FACTOR^(step / STEPS), smooth ("decays exponentially", Ioffe & Szegedy 2015)
//   staircase:FACTOR@STEPS          rate * FACTOR^floor(step / STEPS)
//   steps:FACTOR@S1;S2;...          rate * FACTOR^(number of S_i <= step)
//   linear | cosine                 to 0 at the last step
// STEPS may end in 'e' for epochs ("0.96@8e").
class Schedule {
 public:
  // Throws Error(kUsage) naming --schedule. `decay_speed` divides STEPS (spec section 8.3, item 4).
  static Schedule parse(const std::string& text, double decay_speed = 1);

  // `step` from 0; `total` steps of the run; `epoch_steps` steps of one epoch; the first `warmup` steps rise linearly.
  double rate(double base, int64_t step, int64_t total, int64_t epoch_steps, int64_t warmup = 0) const;

  // True if a rate depends on the length of the run: such a run can't be prolonged by --resume.
  bool depends_on_total() const { return kind_ == Kind::kLinear || kind_ == Kind::kCosine; }

 private:
  enum class Kind { kConstant, kExponential, kStaircase, kSteps, kLinear, kCosine };
  struct Period {
    double length = 1;
    bool epochs = false;
  };
  Kind kind_ = Kind::kConstant;
  double factor_ = 1;
  double speed_ = 1;
  std::vector<Period> periods_;
};

}  // namespace fovea::nn
