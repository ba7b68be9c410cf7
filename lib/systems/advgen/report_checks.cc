#include "systems/advgen/report_checks.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace fovea::advgen {
namespace {

// Bounds of spec section 8.3, as shares.
constexpr double kStronger = 0.005;      // D1; and D5, where the spec names none: a single image is no sign [ours]
constexpr double kAboveChance = 0.05;    // D3
constexpr double kConverged = 0.01;      // D6
constexpr double kLossesAgree = 0.02;    // D7
constexpr double kZeroGradients = 0.01;  // D8
constexpr double kSmallestNorm = 1e-8;   // D8
constexpr double kOwnAttacker = 0.20;    // D10
constexpr double kRounding = 1e-9;       // a share is a ratio of integers: "more than" is meant exactly

Check check(const char* id, const char* statement, const char* first, const char* second) {
  return {id, statement, first, second, std::nullopt, std::nullopt, false};
}

void compare(Check& c, double first, double second, bool suspicious) {
  c.first = first;
  c.second = second;
  c.suspicious = suspicious;
}

Check iterative_beats_single_step(const ModelReport& r) {
  Check c = check("D1", "steps are at least as strong as one step", "accuracy under PGD", "accuracy under FGSM");
  const AttackRow *pgd = r.find(kPgdRow), *fgsm = r.find(kFgsmRow);
  if (pgd == nullptr || fgsm == nullptr) return c;
  compare(c, pgd->accuracy(), fgsm->accuracy(), pgd->accuracy() > fgsm->accuracy() + kStronger + kRounding);
  return c;
}

// The two numbers are those of the greatest rise, or of the two ends.
Check falls_with_epsilon(const ModelReport& r) {
  Check c = check("D2", "accuracy does not rise with epsilon", "accuracy at the larger epsilon", "at the smaller one");
  if (r.curve.size() < 2) return c;
  compare(c, r.curve.back().accuracy(), r.curve.front().accuracy(), false);
  double greatest = 0;
  for (size_t i = 0; i < r.curve.size(); ++i) {
    for (size_t j = i + 1; j < r.curve.size(); ++j) {
      const double rise = r.curve[j].accuracy() - r.curve[i].interval().high;
      if (rise <= greatest + kRounding) continue;
      greatest = rise;
      compare(c, r.curve[j].accuracy(), r.curve[i].accuracy(), true);
    }
  }
  return c;
}

Check large_epsilon_breaks(const ModelReport& r) {
  Check c = check("D3", "a radius that allows any picture to become grey leaves chance", "accuracy there",
                  "chance + 5 points");
  if (!r.everything || r.classes < 1) return c;
  const double bound = 1 / static_cast<double>(r.classes) + kAboveChance;
  compare(c, r.everything->accuracy(), bound, r.everything->accuracy() > bound + kRounding);
  return c;
}

Check white_box_beats_transfer(const ModelReport& r) {
  Check c =
      check("D4", "knowing the model beats not knowing it", "accuracy under transfer", "accuracy under gradients");
  const AttackRow* transfer = r.find(kTransferRow);
  const auto gradients = r.gradient_attacks();
  if (transfer == nullptr || !gradients) return c;
  compare(c, transfer->accuracy(), gradients->accuracy(), transfer->accuracy() < gradients->accuracy() - kRounding);
  return c;
}

Check gradients_beat_search(const ModelReport& r) {
  Check c = check("D5", "gradients beat random noise and random search", "accuracy under noise or square",
                  "accuracy under gradients");
  const AttackRow *noise = r.find(kNoiseRow), *square = r.find(kSquareRow);
  const auto gradients = r.gradient_attacks();
  if ((noise == nullptr && square == nullptr) || !gradients) return c;
  const double search = std::min(noise != nullptr ? noise->accuracy() : 1, square != nullptr ? square->accuracy() : 1);
  compare(c, search, gradients->accuracy(), search < gradients->accuracy() - kStronger - kRounding);
  return c;
}

// Of steps and of restarts, whichever changes more.
Check converged(const ModelReport& r) {
  Check c = check("D6", "twice the steps or restarts change nothing", "accuracy with the double", "accuracy before");
  double greatest = -1;
  const auto consider = [&](const AttackRow& doubled, const AttackRow& before) {
    const double change = std::abs(doubled.accuracy() - before.accuracy());
    if (change <= greatest) return;
    greatest = change;
    compare(c, doubled.accuracy(), before.accuracy(), change > kConverged + kRounding);
  };
  const AttackRow* pgd = r.find(kPgdRow);
  if (r.doubled_steps && pgd != nullptr) consider(*r.doubled_steps, *pgd);
  const size_t restarts = r.restart_curve.size();
  if (restarts >= 2) consider(r.restart_curve[restarts / 2 * 2 - 1], r.restart_curve[restarts / 2 - 1]);
  return c;
}

Check losses_agree(const ModelReport& r) {
  Check c = check("D7", "both losses find the same", "accuracy under PGD on cross-entropy",
                  "accuracy under PGD on the margin");
  const AttackRow *ce = r.find(kPgdCeRow), *margin = r.find(kPgdMarginRow);
  if (ce == nullptr || margin == nullptr) return c;
  compare(c, ce->accuracy(), margin->accuracy(),
          std::abs(ce->accuracy() - margin->accuracy()) > kLossesAgree + kRounding);
  return c;
}

Check gradients_exist(const ModelReport& r) {
  Check c = check("D8", "gradients exist", "share of images without a gradient", "median norm");
  if (!r.gradients || r.gradients->images == 0) return c;
  const double zeros = static_cast<double>(r.gradients->zeros) / static_cast<double>(r.gradients->images);
  compare(c, zeros, r.gradients->median_norm,
          zeros > kZeroGradients + kRounding || r.gradients->median_norm < kSmallestNorm);
  return c;
}

Check no_label_leaking(const ModelReport& r) {
  Check c = check("D9", "an attack does not help", "accuracy under FGSM", "clean accuracy");
  const AttackRow *fgsm = r.find(kFgsmRow), *clean = r.find(kCleanRow);
  if (fgsm == nullptr || clean == nullptr) return c;
  compare(c, fgsm->accuracy(), clean->accuracy(), fgsm->accuracy() > clean->accuracy() + kRounding);
  return c;
}

Check not_only_its_attacker(const ModelReport& r) {
  Check c = check("D10", "not robust to its own attacker alone", "accuracy under its own generator",
                  "accuracy under gradients");
  const AttackRow* own = r.find(kGeneratorRow);
  const auto gradients = r.gradient_attacks();
  if (own == nullptr || !gradients) return c;
  compare(c, own->accuracy(), gradients->accuracy(),
          own->accuracy() - gradients->accuracy() > kOwnAttacker + kRounding);
  return c;
}

}  // namespace

std::vector<Check> masking_checks(const ModelReport& r) {
  return {iterative_beats_single_step(r),
          falls_with_epsilon(r),
          large_epsilon_breaks(r),
          white_box_beats_transfer(r),
          gradients_beat_search(r),
          converged(r),
          losses_agree(r),
          gradients_exist(r),
          no_label_leaking(r),
          not_only_its_attacker(r)};
}

std::vector<std::string> suspicious_ids(const std::vector<Check>& checks) {
  std::vector<std::string> ids;
  for (const Check& c : checks) {
    if (c.suspicious) ids.push_back(c.id);
  }
  return ids;
}

}  // namespace fovea::advgen
