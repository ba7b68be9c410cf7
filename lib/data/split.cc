#include "data/split.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/parallel.h"
#include "base/rng.h"

namespace fovea::data {
namespace {

constexpr int64_t kTrialsAtOnce = 16;

double imbalance_of(int64_t difference, int64_t total) {
  return total > 0 ? static_cast<double>(std::abs(difference)) / static_cast<double>(total) : 0;
}

// What differs between the two of a pair: swapping it moves twice this from one half to the other.
using Pairs = std::vector<ClassCounts>;

struct Problem {
  std::vector<std::pair<int64_t, int64_t>> members;  // of each pair; the second is -1 for an image left alone
  Pairs differences;                                 // of each pair: first - second, zeros left out
  std::vector<int64_t> totals;                       // K
  int64_t occurring = 0;                             // classes with objects
};

ClassCounts subtract(const ClassCounts& a, const ClassCounts& b) {
  ClassCounts result;
  auto left = a.begin(), right = b.begin();
  while (left != a.end() || right != b.end()) {
    if (right == b.end() || (left != a.end() && left->first < right->first)) {
      result.push_back(*left++);
    } else if (left == a.end() || right->first < left->first) {
      result.emplace_back(right->first, -right->second);
      ++right;
    } else {
      if (left->second != right->second) result.emplace_back(left->first, left->second - right->second);
      ++left, ++right;
    }
  }
  return result;
}

// Neighbours in the order of counts, the rarest classes first, resemble each other.
Problem pair_up(const std::vector<ClassCounts>& images, int64_t classes) {
  Problem problem;
  problem.totals.assign(static_cast<size_t>(classes), 0);
  for (const ClassCounts& image : images) {
    for (const auto& [index, count] : image) {
      FOVEA_CHECK(index >= 0 && index < classes && count > 0, "class {} of {}, count {}", index, classes, count);
      problem.totals[static_cast<size_t>(index)] += count;
    }
  }
  problem.occurring = std::count_if(problem.totals.begin(), problem.totals.end(), [](int64_t n) { return n > 0; });
  const auto rarer = [&](int32_t a, int32_t b) {
    const int64_t left = problem.totals[static_cast<size_t>(a)], right = problem.totals[static_cast<size_t>(b)];
    return left != right ? left < right : a < b;
  };
  std::vector<ClassCounts> keys = images;
  for (ClassCounts& key : keys) {
    std::sort(key.begin(), key.end(), [&](const auto& a, const auto& b) { return rarer(a.first, b.first); });
  }
  std::vector<int64_t> order(images.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    const ClassCounts &left = keys[static_cast<size_t>(a)], &right = keys[static_cast<size_t>(b)];
    return std::lexicographical_compare(left.begin(), left.end(), right.begin(), right.end(),
                                        [&](const auto& x, const auto& y) {
                                          return x.first != y.first ? rarer(x.first, y.first) : x.second < y.second;
                                        });
  });
  for (size_t i = 0; i < order.size(); i += 2) {
    const int64_t first = order[i], second = i + 1 < order.size() ? order[i + 1] : -1;
    problem.members.emplace_back(first, second);
    problem.differences.push_back(
        subtract(images[static_cast<size_t>(first)], second < 0 ? ClassCounts() : images[static_cast<size_t>(second)]));
  }
  return problem;
}

struct Trial {
  std::vector<uint8_t> swapped;  // of each pair: the first member is in the second half
  std::vector<int64_t> balance;  // K: objects in the first half minus those in the second
  double max = 0, sum = 0;
};

void measure(const Problem& problem, Trial& trial) {
  trial.max = trial.sum = 0;
  for (size_t k = 0; k < problem.totals.size(); ++k) {
    const double imbalance = imbalance_of(trial.balance[k], problem.totals[k]);
    trial.max = std::max(trial.max, imbalance);
    trial.sum += imbalance;
  }
}

// Swaps pair p if that lowers the maximum or the sum and raises neither.
bool try_swap(const Problem& problem, Trial& trial, size_t p) {
  const int64_t sign = trial.swapped[p] != 0 ? 2 : -2;
  double change = 0, largest_before = 0, largest_after = 0;
  for (const auto& [index, count] : problem.differences[p]) {
    const auto k = static_cast<size_t>(index);
    const double before = imbalance_of(trial.balance[k], problem.totals[k]);
    const double after = imbalance_of(trial.balance[k] + sign * count, problem.totals[k]);
    change += after - before;
    largest_before = std::max(largest_before, before);
    largest_after = std::max(largest_after, after);
  }
  // Below the rounding of such sums nothing was won, and the search must end.
  const bool lower_mean = change < -1e-12;
  const bool may_lower_max = largest_before == trial.max && largest_after < trial.max && change <= 0;
  if (largest_after > trial.max || !(lower_mean || may_lower_max)) return false;
  for (const auto& [index, count] : problem.differences[p]) trial.balance[static_cast<size_t>(index)] += sign * count;
  const double old_max = trial.max;
  measure(problem, trial);
  if (!lower_mean && !(trial.max < old_max)) {
    for (const auto& [index, count] : problem.differences[p]) trial.balance[static_cast<size_t>(index)] -= sign * count;
    measure(problem, trial);
    return false;
  }
  trial.swapped[p] ^= 1;
  return true;
}

Trial run_trial(const Problem& problem, uint64_t seed, int64_t number) {
  Rng rng(seed, RngPurpose::kShuffle, static_cast<uint64_t>(number));
  Trial trial;
  trial.balance.assign(problem.totals.size(), 0);
  for (const ClassCounts& difference : problem.differences) {
    const bool swapped = rng.below(2) == 1;
    trial.swapped.push_back(swapped);
    for (const auto& [index, count] : difference) trial.balance[static_cast<size_t>(index)] += swapped ? -count : count;
  }
  measure(problem, trial);
  std::vector<size_t> order(problem.differences.size());
  std::iota(order.begin(), order.end(), size_t{0});
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[rng.below(static_cast<uint32_t>(i))]);
  for (bool improved = true; improved;) {
    improved = false;
    for (const size_t p : order) improved = try_swap(problem, trial, p) || improved;
  }
  return trial;
}

bool is_better(const Trial& a, const Trial& b) { return a.max != b.max ? a.max < b.max : a.sum < b.sum; }

}  // namespace

double ClassBalance::imbalance() const { return imbalance_of(first - second, first + second); }

namespace {

void summarize(SplitResult& result) {
  std::vector<double> imbalances;
  for (const ClassBalance& balance : result.classes) {
    if (balance.first + balance.second > 0) imbalances.push_back(balance.imbalance());
  }
  if (imbalances.empty()) return;
  std::sort(imbalances.begin(), imbalances.end());
  const size_t middle = imbalances.size() / 2;
  result.max = imbalances.back();
  result.mean = std::accumulate(imbalances.begin(), imbalances.end(), 0.0) / static_cast<double>(imbalances.size());
  result.median = imbalances.size() % 2 == 1 ? imbalances[middle] : (imbalances[middle - 1] + imbalances[middle]) / 2;
}

}  // namespace

SplitResult balanced_split(const std::vector<ClassCounts>& images, int64_t classes, const SplitConfig& config) {
  FOVEA_CHECK(config.trials > 0, "{} trials", config.trials);
  const Problem problem = pair_up(images, classes);
  Trial best;
  bool found = false;
  for (int64_t start = 0; start < config.trials; start += kTrialsAtOnce) {
    std::vector<Trial> trials(static_cast<size_t>(std::min(kTrialsAtOnce, config.trials - start)));
    parallel_tasks(static_cast<int64_t>(trials.size()),
                   [&](int64_t i) { trials[static_cast<size_t>(i)] = run_trial(problem, config.seed, start + i); });
    for (Trial& trial : trials) {
      if (found && !is_better(trial, best)) continue;
      best = std::move(trial);
      found = true;
    }
  }
  SplitResult result;
  result.half.assign(images.size(), 0);
  for (size_t p = 0; p < problem.members.size(); ++p) {
    const auto [first, second] = problem.members[p];
    result.half[static_cast<size_t>(first)] = best.swapped[p];
    if (second >= 0) result.half[static_cast<size_t>(second)] = best.swapped[p] ^ 1;
  }
  for (size_t k = 0; k < problem.totals.size(); ++k) {
    const int64_t total = problem.totals[k], first = (total + best.balance[k]) / 2;
    result.classes.push_back({first, total - first});
  }
  summarize(result);
  return result;
}

SplitResult random_split(const std::vector<ClassCounts>& images, int64_t classes, double share, uint64_t seed) {
  SplitResult result;
  result.half.assign(images.size(), 1);
  result.classes.resize(static_cast<size_t>(classes));
  const auto order = permutation(static_cast<int64_t>(images.size()), seed, RngPurpose::kShuffle, 0);
  const auto first = static_cast<size_t>(static_cast<double>(images.size()) * share + 1e-9);
  for (size_t i = 0; i < first; ++i) result.half[static_cast<size_t>(order[i])] = 0;
  for (size_t i = 0; i < images.size(); ++i) {
    for (const auto& [index, count] : images[i]) {
      ClassBalance& balance = result.classes[static_cast<size_t>(index)];
      (result.half[i] == 0 ? balance.first : balance.second) += count;
    }
  }
  summarize(result);
  return result;
}

}  // namespace fovea::data
