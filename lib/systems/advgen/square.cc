#include "systems/advgen/square.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/parallel.h"
#include "base/rng.h"
#include "systems/advgen/most_damaging.h"
#include "tensor/kernels/layout.h"

namespace fovea::advgen {
namespace {

constexpr double kFirstShare = 0.8;
constexpr int64_t kFullBudget = 10000;
constexpr int64_t kHalvings[] = {10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000};
constexpr uint64_t kSquareStream = 1ULL << 40;  // other numbers than the starts of PGD

float random_sign(Rng& rng) { return (rng.bits() & 1U) != 0 ? 1.0F : -1.0F; }

struct Picture {
  int64_t height, width, channels;
  int64_t size() const { return height * width * channels; }
};

float shifted(float clean, float delta) { return std::clamp(clean + delta, 0.0F, 1.0F); }

// Vertical stripes, one sign for each column and channel.
void draw_stripes(const float* clean, float* x, Picture p, float epsilon, Rng& rng) {
  std::vector<float> stripe(static_cast<size_t>(p.width * p.channels));
  for (float& value : stripe) value = epsilon * random_sign(rng);
  for (int64_t i = 0; i < p.size(); ++i)
    x[i] = shifted(clean[i], stripe[static_cast<size_t>(i % (p.width * p.channels))]);
}

// One square at a random place, one sign for each channel.
void draw_square(const float* clean, float* x, Picture p, double share, float epsilon, Rng& rng) {
  const auto wanted = static_cast<int64_t>(std::llround(std::sqrt(share * static_cast<double>(p.height * p.width))));
  const int64_t side = std::clamp<int64_t>(wanted, 1, std::min(p.height, p.width));
  const auto top = static_cast<int64_t>(rng.below(static_cast<uint32_t>(p.height - side + 1)));
  const auto left = static_cast<int64_t>(rng.below(static_cast<uint32_t>(p.width - side + 1)));
  for (int64_t c = 0; c < p.channels; ++c) {
    const float delta = epsilon * random_sign(rng);
    for (int64_t row = top; row < top + side; ++row) {
      for (int64_t column = left; column < left + side; ++column) {
        const int64_t at = (row * p.width + column) * p.channels + c;
        x[at] = shifted(clean[at], delta);
      }
    }
  }
}

class Search {
 public:
  Search(const Victim& victim, const AttackBatch& batch, const AttackConfig& config)
      : victim_(victim),
        batch_(batch),
        config_(config),
        picture_{batch.x.extent(1), batch.x.extent(2), batch.x.extent(3)},
        worst_(batch, config.targeted),
        current_(batch.x.clone()),
        score_(batch.labels.size(), -INFINITY) {
    for (const int64_t key : batch.keys)
      streams_.emplace_back(config.seed, RngPurpose::kAttack, kSquareStream, static_cast<uint64_t>(key));
  }

  AttackResult run() {
    std::vector<int64_t> items(batch_.labels.size());
    std::iota(items.begin(), items.end(), 0);
    for (int64_t query = 0; query < config_.steps && !items.empty(); ++query) {
      ask(items, propose(items, query));
      if (config_.early_stop) items = worst_.standing();
    }
    return worst_.take();
  }

 private:
  Tensor propose(std::span<const int64_t> items, int64_t query) {
    Tensor proposal = kernels::gather_rows(current_, items);
    float* x = proposal.data<float>();
    const float* clean = batch_.x.data<float>();
    const auto epsilon = static_cast<float>(config_.epsilon);
    parallel_tasks(static_cast<int64_t>(items.size()), [&](int64_t i) {
      const int64_t item = items[static_cast<size_t>(i)], size = picture_.size();
      Rng& rng = streams_[static_cast<size_t>(item)];
      if (query == 0)
        draw_stripes(clean + item * size, x + i * size, picture_, epsilon, rng);
      else
        draw_square(clean + item * size, x + i * size, picture_, square_share(query, config_.steps), epsilon, rng);
    });
    return proposal;
  }

  // Keeps what raised the score.
  void ask(std::span<const int64_t> items, const Tensor& proposal) {
    std::vector<int32_t> labels;
    for (const int64_t item : items) labels.push_back(batch_.labels[static_cast<size_t>(item)]);
    const Tensor logits = victim_.logits(proposal);
    const auto scores =
        attacker_scores(kernels::logit_loss(config_.loss, logits, labels, 0, false).first, config_.targeted);
    std::vector<int64_t> rows, places;
    for (size_t i = 0; i < items.size(); ++i) {
      double& best = score_[static_cast<size_t>(items[i])];
      if (!(scores[i] > best)) continue;
      best = scores[i];
      rows.push_back(static_cast<int64_t>(i));
      places.push_back(items[i]);
    }
    if (!rows.empty()) kernels::scatter_rows(kernels::gather_rows(proposal, rows), places, current_);
    worst_.offer(items, proposal, logits, scores);
  }

  const Victim& victim_;
  const AttackBatch& batch_;
  const AttackConfig& config_;
  Picture picture_;
  MostDamaging worst_;
  Tensor current_;
  std::vector<double> score_;
  std::vector<Rng> streams_;
};

}  // namespace

double square_share(int64_t query, int64_t budget) {
  const int64_t at = query * kFullBudget / std::max<int64_t>(1, budget);
  double share = kFirstShare;
  for (const int64_t halving : kHalvings) {
    if (at > halving) share /= 2;
  }
  return share;
}

AttackResult square_attack(const Victim& victim, const AttackBatch& batch, const AttackConfig& config) {
  if (config.norm != ops::Norm::kLinf) fail(ErrorKind::kUsage, "--norm: the square attack knows linf only");
  return Search(victim, batch, config).run();
}

}  // namespace fovea::advgen
