// Rows of autograd/ops/adversarial.h.
#include "autograd/op_cases.h"
#include "autograd/ops/adversarial.h"
#include "autograd/ops/shape.h"

namespace fovea::testing {
namespace {

using Vars = std::vector<Var>;

// Every class once and again, in an order of its own.
std::vector<int32_t> labels_for(const Var& logits) {
  std::vector<int32_t> labels;
  for (int64_t i = 0; i < logits.extent(0); ++i) labels.push_back(static_cast<int32_t>((3 * i + 1) % logits.extent(1)));
  return labels;
}

void add_logit_losses(std::vector<OpCase>& out) {
  const std::pair<ops::LogitLoss, const char*> kinds[] = {{ops::LogitLoss::kCrossEntropy, "cross-entropy"},
                                                          {ops::LogitLoss::kLogCrossEntropy, "log cross-entropy"},
                                                          {ops::LogitLoss::kProbability, "probability"},
                                                          {ops::LogitLoss::kLogProbability, "log-probability"},
                                                          {ops::LogitLoss::kMargin, "margin"},
                                                          {ops::LogitLoss::kClippedMargin, "clipped margin"},
                                                          {ops::LogitLoss::kLogitRatio, "logit ratio"}};
  for (const auto& [kind, name] : kinds) {
    const auto build = [kind = kind](const Vars& v) { return ops::logit_loss(v[0], labels_for(v[0]), kind, 0.6); };
    out.push_back({.op = "logit_loss",
                   .variant = name,
                   .inputs = {{.shape = {7, 5}, .low = -2, .high = 2, .spaced = true}},
                   .build = build});
    out.push_back({.op = "logit_loss",
                   .variant = std::string(name) + ", large",
                   .inputs = {{.shape = {130, 1000}, .low = -6, .high = 6}},
                   .build = build,
                   .tolerance = 1e-5,
                   .small = false});
  }
}

void add_balls(std::vector<OpCase>& out) {
  const auto clamp = [](const Vars& v) { return ops::clamp(v[0], -0.4, 0.9); };
  out.push_back({.op = "clamp", .variant = "small", .inputs = {{.shape = {6, 7}, .spaced = true}}, .build = clamp});
  out.push_back({.op = "clamp", .variant = "large", .inputs = {{.shape = {37, 3001}}}, .build = clamp, .small = false});
  for (const ops::Norm norm : {ops::Norm::kLinf, ops::Norm::kL2}) {
    for (const bool by_channel : {false, true}) {
      for (const double epsilon : {0.5, 100.0}) {  // outside and inside the ball
        const auto build = [=](const Vars& v) { return ops::shrink_to_ball(v[0], norm, epsilon, by_channel); };
        const std::string variant = fmt::format("{}{}, radius {}", norm == ops::Norm::kL2 ? "L2" : "Linf",
                                                by_channel ? " by channel" : "", epsilon);
        out.push_back({.op = "shrink_to_ball",
                       .variant = variant,
                       .inputs = {{.shape = {3, 2, 3, 2}, .low = -1.3, .spaced = true}},  // no two of equal size
                       .build = build});
        out.push_back({.op = "shrink_to_ball",
                       .variant = variant + ", large",
                       .inputs = {{.shape = {17, 19, 23, 3}}},
                       .build = build,
                       .tolerance = 1e-5,
                       .small = false});
      }
    }
  }
}

void add_repeats(std::vector<OpCase>& out) {
  const auto build = [](const Vars& v) { return ops::repeat_rows(v[0], 5); };
  out.push_back(
      {.op = "repeat_rows", .variant = "small", .inputs = {{.shape = {1, 2, 3, 2}, .batched = false}}, .build = build});
  out.push_back({.op = "repeat_rows",
                 .variant = "large",
                 .inputs = {{.shape = {1, 37, 41, 3}, .batched = false}},
                 .build = build,
                 .small = false});
}

}  // namespace

void add_adversarial_cases(std::vector<OpCase>& out) {
  add_logit_losses(out);
  add_balls(out);
  add_repeats(out);
}

}  // namespace fovea::testing
