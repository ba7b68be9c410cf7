#include "systems/advgen/attack.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/parallel.h"
#include "base/text.h"
#include "systems/advgen/most_damaging.h"
#include "systems/advgen/square.h"
#include "tensor/kernels/layout.h"

namespace fovea::advgen {
namespace {

constexpr double kNormTolerance = 1e-6;  // rounding of float pixels

template <typename T>
std::vector<T> pick(const std::vector<T>& values, std::span<const int64_t> items) {
  std::vector<T> out;
  for (const int64_t item : items) out.push_back(values[static_cast<size_t>(item)]);
  return out;
}

std::vector<int64_t> all_items(const AttackBatch& batch) {
  std::vector<int64_t> out(static_cast<size_t>(batch.x.extent(0)));
  std::iota(out.begin(), out.end(), 0);
  return out;
}

std::vector<int64_t> items_to_attack(const AttackBatch& batch, const MostDamaging& worst, bool early_stop) {
  return early_stop ? worst.standing() : all_items(batch);
}

// One walk along the gradient over the images `items`. Fooled ones leave it with early_stop.
class Walk {
 public:
  Walk(const Victim& victim, const AttackBatch& batch, const AttackConfig& config, const IterateObserver& observe,
       MostDamaging& worst)
      : victim_(victim), batch_(batch), config_(config), observe_(observe), worst_(worst) {}

  void run(std::vector<int64_t> items, const Tensor& start) {
    items_ = std::move(items);
    x_ = start;
    for (int64_t step = 0; step < config_.steps && !items_.empty(); ++step) {
      if (observe_) observe_(step, x_);
      const Victim::Gradient gradient = victim_.gradient(x_, labels(), config_.loss);
      // The clean picture is no result of the attack, unless it spares the attack.
      const bool counts = (config_.keep_best && (step > 0 || config_.random_start)) || config_.early_stop;
      if (counts) worst_.offer(items_, x_, gradient.logits, attacker_scores(gradient.losses, config_.targeted));
      Tensor slope = gradient.dx;
      if (config_.early_stop) drop_fooled(slope);
      if (items_.empty()) return;
      x_ = x_.clone();
      kernels::step_along(x_, slope, config_.norm, config_.targeted ? -config_.step() : config_.step());
      kernels::project(x_, kernels::gather_rows(batch_.x, items_), config_.norm, config_.epsilon);
    }
    if (items_.empty()) return;
    if (observe_) observe_(config_.steps, x_);
    const Tensor logits = victim_.logits(x_);
    const Tensor losses = kernels::logit_loss(config_.loss, logits, labels(), 0, false).first;
    worst_.offer(items_, x_, logits, attacker_scores(losses, config_.targeted));
  }

 private:
  std::vector<int32_t> labels() const { return pick(batch_.labels, items_); }

  void drop_fooled(Tensor& slope) {
    std::vector<int64_t> rows, left;
    for (size_t i = 0; i < items_.size(); ++i) {
      if (worst_.fooled(items_[i])) continue;
      rows.push_back(static_cast<int64_t>(i));
      left.push_back(items_[i]);
    }
    if (left.size() == items_.size()) return;
    items_ = std::move(left);
    x_ = kernels::gather_rows(x_, rows);
    slope = kernels::gather_rows(slope, rows);
  }

  const Victim& victim_;
  const AttackBatch& batch_;
  const AttackConfig& config_;
  const IterateObserver& observe_;
  MostDamaging& worst_;
  std::vector<int64_t> items_;
  Tensor x_;
};

template <typename T>
void add_ball_point(T* row, int64_t size, const AttackConfig& config, Rng rng) {
  if (config.norm == ops::Norm::kLinf) {
    for (int64_t i = 0; i < size; ++i) row[i] += static_cast<T>(rng.uniform(-config.epsilon, config.epsilon));
    return;
  }
  // A Gaussian direction, radius epsilon U^(1/d): uniform in the volume of the ball.
  const Direction direction = gaussian_direction(size, rng);
  const double radius = config.epsilon * std::pow(rng.uniform_double(), 1 / static_cast<double>(size));
  const double factor = direction.factor(radius);
  for (int64_t i = 0; i < size; ++i) row[i] += static_cast<T>(factor * direction.values[static_cast<size_t>(i)]);
}

AttackResult draw_noise(const Victim& victim, const AttackBatch& batch, const AttackConfig& config) {
  MostDamaging worst(batch, config.targeted);
  for (int64_t draw = config.first_restart; draw < config.first_restart + config.restarts; ++draw) {
    const auto items = items_to_attack(batch, worst, config.early_stop);
    if (items.empty()) break;
    const Tensor x = kernels::gather_rows(random_start(batch, config, draw), items);
    const Tensor logits = victim.logits(x);
    const Tensor losses = kernels::logit_loss(config.loss, logits, pick(batch.labels, items), 0, false).first;
    worst.offer(items, x, logits, attacker_scores(losses, config.targeted));
  }
  return worst.take();
}

}  // namespace

const std::vector<std::string>& attack_names() {
  static const std::vector<std::string> names{"noise", "fgsm", "fgm-l2", "bim", "pgd", "pgd-l2", "square"};
  return names;
}

AttackConfig named_attack(const std::string& name, double epsilon) {
  AttackConfig config;
  config.epsilon = epsilon;
  if (name.ends_with("-l2")) config.norm = ops::Norm::kL2;
  if (name == "noise") {
    config.family = AttackFamily::kNoise;
  } else if (name == "square") {
    config.family = AttackFamily::kSquare;
    config.steps = 1000;
    config.loss = ops::LogitLoss::kMargin;
    config.early_stop = true;  // part of the method: a query less for each image that has fallen
  } else if (name == "fgsm" || name == "fgm-l2") {
    config.steps = 1;
    config.step_size = epsilon;
    config.random_start = config.keep_best = false;
  } else if (name == "bim") {
    config.steps = 10;
    config.step_size = epsilon / 4;
    config.random_start = false;
  } else if (name != "pgd" && name != "pgd-l2") {
    const std::string near = nearest(name, attack_names());
    throw Error(ErrorKind::kUsage, fmt::format("--attack: no attack '{}'", printable(name)),
                near.empty() ? "known: " + join(attack_names(), " ") : fmt::format("did you mean '{}'?", near));
  }
  return config;
}

Direction gaussian_direction(int64_t size, Rng& rng) {
  Direction direction{std::vector<double>(static_cast<size_t>(size)), 0};
  double squares = 0;
  for (double& value : direction.values) value = rng.normal(), squares += value * value;
  direction.length = std::sqrt(squares);
  return direction;
}

Tensor random_start(const AttackBatch& batch, const AttackConfig& config, int64_t restart) {
  Tensor x = batch.x.clone();
  const int64_t images = x.extent(0), size = images > 0 ? x.count() / images : 0;
  const auto add = [&](auto* pixels) {
    parallel_tasks(images, [&](int64_t n) {
      const Rng rng(config.seed, RngPurpose::kAttack, static_cast<uint64_t>(restart),
                    static_cast<uint64_t>(batch.keys[static_cast<size_t>(n)]));
      add_ball_point(pixels + n * size, size, config, rng);
    });
  };
  if (x.dtype() == DType::kF32)
    add(x.data<float>());
  else
    add(x.data<double>());
  kernels::project(x, batch.x, config.norm, config.epsilon);
  return x;
}

AttackResult walk(const Victim& victim, const AttackBatch& batch, const Tensor& start, const AttackConfig& config,
                  const IterateObserver& observe) {
  MostDamaging worst(batch, config.targeted);
  Walk(victim, batch, config, observe, worst).run(all_items(batch), start);
  return worst.take();
}

AttackResult run_attack(const Victim& victim, const AttackBatch& batch, const AttackConfig& config,
                        const IterateObserver& observe) {
  FOVEA_CHECK(batch.labels.size() == static_cast<size_t>(batch.x.extent(0)) && batch.keys.size() == batch.labels.size(),
              "{} labels and {} keys for {}", batch.labels.size(), batch.keys.size(), batch.x.shape().text());
  if (config.family == AttackFamily::kNoise) return draw_noise(victim, batch, config);
  if (config.family == AttackFamily::kSquare) return square_attack(victim, batch, config);
  MostDamaging worst(batch, config.targeted);
  for (int64_t restart = config.first_restart; restart < config.first_restart + config.restarts; ++restart) {
    const auto items = items_to_attack(batch, worst, config.early_stop);
    if (items.empty()) break;
    const Tensor start = config.random_start ? random_start(batch, config, restart) : batch.x;
    Walk(victim, batch, config, observe, worst).run(items, kernels::gather_rows(start, items));
  }
  return worst.take();
}

void quantise_inwards(Tensor& adversarial, const Tensor& original) {
  constexpr double kSlack = 1e-4;  // of a grey level: a float that stands for a whole level must stay there
  float* x = adversarial.data<float>();
  const float* from = original.data<float>();
  parallel_blocks(adversarial.count(), 1 << 14, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const double level = 255.0 * static_cast<double>(x[i]);
      x[i] = static_cast<float>((x[i] > from[i] ? std::floor(level + kSlack) : std::ceil(level - kSlack)) / 255.0);
    }
  });
}

void check_within(const Tensor& adversarial, const Tensor& original, ops::Norm norm, double epsilon) {
  const int64_t images = adversarial.extent(0), size = images > 0 ? adversarial.count() / images : 0;
  const float* x = adversarial.data<float>();
  const float* from = original.data<float>();
  for (int64_t n = 0; n < images; ++n) {
    double largest = 0, squares = 0;
    for (int64_t i = n * size; i < (n + 1) * size; ++i) {
      FOVEA_CHECK(x[i] >= 0 && x[i] <= 1, "image {} of an attack: a pixel of {}", n, x[i]);
      const double difference = static_cast<double>(x[i]) - static_cast<double>(from[i]);
      largest = std::max(largest, std::abs(difference));
      squares += difference * difference;
    }
    const double found = norm == ops::Norm::kLinf ? largest : std::sqrt(squares);
    FOVEA_CHECK(found <= epsilon + kNormTolerance, "image {} of an attack: norm {} beyond {}", n, found, epsilon);
  }
}

}  // namespace fovea::advgen
