#include "systems/advgen/report_measure.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/error.h"
#include "eval/classification.h"

namespace fovea::advgen {
namespace {

constexpr int kHalvings = 7;  // of the largest radius, 0.5 in Linf

double norm_of(const float* x, const float* from, int64_t size, ops::Norm norm) {
  double largest = 0, squares = 0;
  for (int64_t i = 0; i < size; ++i) {
    const double difference = static_cast<double>(x[i]) - static_cast<double>(from[i]);
    largest = std::max(largest, std::abs(difference));
    squares += difference * difference;
  }
  return norm == ops::Norm::kLinf ? largest : std::sqrt(squares);
}

// Every measurement of one model.
class Measurement {
 public:
  Measurement(const Victim& victim, const Generator* own, const ReportImages& images, const ReportEffort& effort,
              const ReportProgress& progress)
      : victim_(victim), own_(own), images_(images), effort_(effort), progress_(progress) {}

  ModelReport run() {
    report_.classes = victim_.classes();
    report_.images = images_.size();
    report_.rows.push_back(clean_row(victim_, images_, progress_));
    for (const std::string& attack : effort_.attacks) add_row(attack);
    if (effort_.checks && effort_.has(kPgdRow)) {
      report_.doubled_steps = search(kPgdRow, pgd(2 * effort_.steps, effort_.epsilon));
      report_.everything = search(kPgdRow, pgd(effort_.steps, everything_radius()));
    }
    if (effort_.checks) report_.gradients = census();
    if (!effort_.curve.empty()) add_curve();
    for (const int64_t steps : effort_.step_curve) {
      report_.step_curve.push_back(search(kPgdRow, pgd(steps, effort_.epsilon)));
    }
    if (effort_.smallest) report_.smallest = smallest_radii();
    return std::move(report_);
  }

 private:
  bool is_linf() const { return effort_.norm == ops::Norm::kLinf; }

  AttackConfig config(const std::string& name, double epsilon) const {
    AttackConfig out = named_attack(name, epsilon);
    out.norm = effort_.norm;
    out.seed = effort_.seed;
    out.early_stop = true;
    return out;
  }
  AttackConfig pgd(int64_t steps, double epsilon) const {
    AttackConfig out = config(is_linf() ? "pgd" : "pgd-l2", epsilon);
    out.steps = steps;
    return out;
  }

  // A ball of this radius around any picture holds the grey one, in which nothing can be seen.
  double everything_radius() const {
    const auto& p = images_.preprocess();
    return is_linf() ? 0.5 : 0.5 * std::sqrt(static_cast<double>(p.height * p.width * p.channels));
  }

  void tick(int64_t images, const std::string& what) const {
    if (progress_) progress_(images, what);
  }

  // Images of `standing` that this search does not fool.
  std::vector<uint8_t> survivors(std::vector<uint8_t> standing, const AttackConfig& attack,
                                 const std::string& what) const {
    const auto visited = std::count(standing.begin(), standing.end(), uint8_t{1});
    strike(standing, attack, what);
    tick(images_.size() - visited, what);
    return standing;
  }

  // Takes those that it fools off `standing`.
  void strike(std::vector<uint8_t>& standing, const AttackConfig& attack, const std::string& what) const {
    images_.each(standing, [&](const std::vector<int64_t>& items, const AttackBatch& batch) {
      const AttackResult result = run_attack(victim_, batch, attack);
      check_within(result.adversarial, batch.x, attack.norm, attack.epsilon);
      for (size_t i = 0; i < items.size(); ++i) {
        if (result.fooled[i] != 0) standing[static_cast<size_t>(items[i])] = 0;
      }
      tick(static_cast<int64_t>(items.size()), what);
    });
  }

  // All images are bisected at once: those that need the same radius next are attacked together.
  SmallestRadii smallest_radii() const {
    const std::string what = "smallest epsilon";
    SmallestRadii out{everything_radius(), {}};
    const auto& clean = report_.rows.front().correct;
    const std::vector<uint8_t> unfooled = survivors(clean, pgd(effort_.steps, out.largest), what);
    std::vector<int64_t> low(clean.size(), 0), high(clean.size(), int64_t{1} << kHalvings);  // of `high` parts
    const double part = out.largest / static_cast<double>(int64_t{1} << kHalvings);
    for (int halving = 0; halving < kHalvings; ++halving) {
      std::map<int64_t, std::vector<uint8_t>> groups;  // by the radius in between
      int64_t visited = 0;
      for (size_t i = 0; i < clean.size(); ++i) {
        if (clean[i] == 0 || unfooled[i] != 0) continue;
        auto& group = groups[(low[i] + high[i]) / 2];
        group.resize(clean.size(), 0);
        group[i] = 1;
        ++visited;
      }
      for (const auto& [middle, group] : groups) {
        std::vector<uint8_t> standing = group;
        strike(standing, pgd(effort_.steps, part * static_cast<double>(middle)), what);
        for (size_t i = 0; i < group.size(); ++i) {
          if (group[i] != 0) (standing[i] != 0 ? low[i] : high[i]) = middle;
        }
      }
      tick(images_.size() - visited, what);
    }
    for (size_t i = 0; i < clean.size(); ++i) {
      out.radius.push_back(clean[i] == 0      ? 0
                           : unfooled[i] != 0 ? std::numeric_limits<double>::infinity()
                                              : part * static_cast<double>(high[i]));
    }
    return out;
  }

  AttackRow search(const char* name, const AttackConfig& attack) const {
    const auto& clean = report_.rows.front().correct;
    return {name, attack.epsilon, attack.steps, attack.restarts, survivors(clean, attack, name)};
  }

  // Restart after restart on what still stands.
  AttackRow strong(const char* name, ops::LogitLoss loss) {
    AttackConfig attack = pgd(effort_.strong_steps, effort_.epsilon);
    attack.loss = loss;
    AttackRow row{name, attack.epsilon, attack.steps, effort_.restarts, report_.rows.front().correct};
    for (int64_t restart = 0; restart < effort_.restarts; ++restart) {
      attack.first_restart = restart;
      row.correct = survivors(row.correct, attack, name);
      if (loss != ops::LogitLoss::kCrossEntropy) continue;
      report_.restart_curve.push_back(row);
      report_.restart_curve.back().restarts = restart + 1;
    }
    return row;
  }

  // A single step is no search: its picture is what is judged, even where it helps (D9).
  AttackRow single_step() const {
    AttackConfig attack = config(is_linf() ? "fgsm" : "fgm-l2", effort_.epsilon);
    attack.early_stop = false;
    AttackRow row{kFgsmRow, attack.epsilon, 1, 1, std::vector<uint8_t>(static_cast<size_t>(images_.size()), 0)};
    images_.each({}, [&](const std::vector<int64_t>& items, const AttackBatch& batch) {
      const AttackResult result = run_attack(victim_, batch, attack);
      check_within(result.adversarial, batch.x, attack.norm, attack.epsilon);
      for (size_t i = 0; i < items.size(); ++i) row.correct[static_cast<size_t>(items[i])] = result.fooled[i] == 0;
      tick(static_cast<int64_t>(items.size()), kFgsmRow);
    });
    return row;
  }

  // As trained: with its own bound or none, so that the row may lie outside the threat model.
  AttackRow generator() {
    AttackRow row{kGeneratorRow, 0, 1, 1, std::vector<uint8_t>(static_cast<size_t>(images_.size()), 0)};
    double largest = 0, sum = 0;
    images_.each({}, [&](const std::vector<int64_t>& items, const AttackBatch& batch) {
      const Tensor x = own_->adversarial(victim_, batch.x, batch.labels);
      const auto answers = predictions(victim_.logits(x));
      const int64_t size = x.count() / x.extent(0);
      for (size_t i = 0; i < items.size(); ++i) {
        row.correct[static_cast<size_t>(items[i])] = answers[i] == batch.labels[i];
        const auto at = static_cast<int64_t>(i) * size;
        const double norm = norm_of(x.data<float>() + at, batch.x.data<float>() + at, size, effort_.norm);
        largest = std::max(largest, norm);
        sum += norm;
      }
      tick(static_cast<int64_t>(items.size()), kGeneratorRow);
    });
    row.counts = largest <= effort_.epsilon + 1e-6;
    row.epsilon = row.counts ? effort_.epsilon : 0;
    report_.generator_norm = sum / static_cast<double>(images_.size());
    return row;
  }

  void add_row(const std::string& attack) {
    if (attack == kNoiseRow) {
      AttackConfig noise = config("noise", effort_.epsilon);
      noise.steps = 0;
      noise.restarts = effort_.draws;
      report_.rows.push_back(search(kNoiseRow, noise));
    } else if (attack == kFgsmRow) {
      report_.rows.push_back(single_step());
    } else if (attack == kPgdRow) {
      report_.rows.push_back(search(kPgdRow, pgd(effort_.steps, effort_.epsilon)));
    } else if (attack == kPgdCeRow) {
      report_.rows.push_back(strong(kPgdCeRow, ops::LogitLoss::kCrossEntropy));
    } else if (attack == kPgdMarginRow) {
      report_.rows.push_back(strong(kPgdMarginRow, ops::LogitLoss::kMargin));
    } else if (attack == kSquareRow && is_linf()) {
      AttackConfig square = config("square", effort_.epsilon);
      square.steps = effort_.queries;
      report_.rows.push_back(search(kSquareRow, square));
    } else if (attack == kGeneratorRow && own_ != nullptr) {
      report_.rows.push_back(generator());
    }
  }

  void add_curve() {
    AttackRow zero = report_.rows.front();
    zero.attack = kPgdRow;
    report_.curve.push_back(std::move(zero));
    for (const double epsilon : effort_.curve) {
      const AttackRow* known = epsilon == effort_.epsilon ? report_.find(kPgdRow) : nullptr;
      report_.curve.push_back(known != nullptr ? *known : search(kPgdRow, pgd(effort_.steps, epsilon)));
    }
  }

  GradientCensus census() const {
    GradientCensus out;
    std::vector<double> norms;
    images_.each({}, [&](const std::vector<int64_t>& items, const AttackBatch& batch) {
      const Tensor dx = victim_.gradient(batch.x, batch.labels, ops::LogitLoss::kCrossEntropy).dx;
      const int64_t size = dx.count() / dx.extent(0);
      const std::vector<float> zero(static_cast<size_t>(size), 0.0F);
      for (int64_t i = 0; i < static_cast<int64_t>(items.size()); ++i) {
        norms.push_back(norm_of(dx.data<float>() + i * size, zero.data(), size, ops::Norm::kL2));
        const float* row = dx.data<float>() + i * size;
        out.zeros += std::all_of(row, row + size, [](float value) { return value == 0; }) ? 1 : 0;
      }
      tick(static_cast<int64_t>(items.size()), "gradients");
    });
    out.images = static_cast<int64_t>(norms.size());
    if (!norms.empty()) out.median_norm = eval::percentile(norms, 50);
    return out;
  }

  const Victim& victim_;
  const Generator* own_;
  const ReportImages& images_;
  const ReportEffort& effort_;
  const ReportProgress& progress_;
  ModelReport report_;
};

}  // namespace

AttackRow clean_row(const Victim& victim, const ReportImages& images, const ReportProgress& progress) {
  AttackRow row{kCleanRow, 0, 0, 0, std::vector<uint8_t>(static_cast<size_t>(images.size()), 0)};
  images.each({}, [&](const std::vector<int64_t>& items, const AttackBatch& batch) {
    const auto answers = predictions(victim.logits(batch.x));
    for (size_t i = 0; i < items.size(); ++i)
      row.correct[static_cast<size_t>(items[i])] = answers[i] == batch.labels[i];
    if (progress) progress(static_cast<int64_t>(items.size()), kCleanRow);
  });
  return row;
}

ModelReport measure(const Victim& victim, const Generator* own, const ReportImages& images, const ReportEffort& effort,
                    const ReportProgress& progress) {
  return Measurement(victim, own, images, effort, progress).run();
}

int64_t measured_passes(const ReportEffort& effort, bool has_generator) {
  int64_t passes = 1;
  const bool linf = effort.norm == ops::Norm::kLinf;
  for (const std::string& attack : effort.attacks) {
    if ((attack == kSquareRow && !linf) || (attack == kGeneratorRow && !has_generator)) continue;
    passes += attack == kPgdCeRow || attack == kPgdMarginRow ? effort.restarts : 1;
  }
  if (effort.checks) passes += effort.has(kPgdRow) ? 3 : 1;
  for (const double epsilon : effort.curve) passes += epsilon == effort.epsilon && effort.has(kPgdRow) ? 0 : 1;
  return passes + static_cast<int64_t>(effort.step_curve.size()) + (effort.smallest ? 1 + kHalvings : 0);
}

std::vector<AttackRow> transfer_rows(const Victim& source, const ReportImages& images, const ReportEffort& effort,
                                     const std::vector<TransferTarget>& targets, const ReportProgress& progress) {
  AttackConfig attack = named_attack(effort.norm == ops::Norm::kLinf ? "pgd" : "pgd-l2", effort.epsilon);
  attack.steps = effort.steps;
  attack.seed = effort.seed;
  std::vector<AttackRow> rows;
  const auto& made = images.preprocess();
  for (const TransferTarget& target : targets) {
    const auto& read = target.images->preprocess();
    if (read.height != made.height || read.width != made.width || read.channels != made.channels) {
      fail_data(
          target.name + ": input",
          fmt::format("{}x{}x{} as the model that the pictures are made on", made.height, made.width, made.channels),
          fmt::format("{}x{}x{}", read.height, read.width, read.channels));
    }
    rows.push_back(
        {kTransferRow, attack.epsilon, attack.steps, 1, std::vector<uint8_t>(static_cast<size_t>(images.size()), 0)});
  }
  images.each({}, [&](const std::vector<int64_t>& items, const AttackBatch& batch) {
    const AttackResult result = run_attack(source, batch, attack);
    check_within(result.adversarial, batch.x, attack.norm, attack.epsilon);
    for (size_t t = 0; t < targets.size(); ++t) {
      const auto answers = predictions(targets[t].victim->logits(result.adversarial));
      for (size_t i = 0; i < items.size(); ++i)
        rows[t].correct[static_cast<size_t>(items[i])] = answers[i] == batch.labels[i];
    }
    if (progress) progress(static_cast<int64_t>(items.size()), kTransferRow);
  });
  return rows;
}

void add_transfer(ModelReport& report, const AttackRow& row) {
  const auto it =
      std::find_if(report.rows.begin(), report.rows.end(), [](const AttackRow& r) { return r.attack == kTransferRow; });
  if (it == report.rows.end()) {
    report.rows.push_back(row);
    report.rows.back().attack = kTransferRow;
  } else {
    *it = both(*it, row, kTransferRow);
  }
}

}  // namespace fovea::advgen
