#include "autograd/ops/norm.h"

#include <doctest/doctest.h>

#include <array>
#include <condition_variable>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/rng.h"

namespace fovea {
namespace {

// Threads in the place of processes: each call of sum() waits for the other side.
class Meeting {
 public:
  explicit Meeting(int sides) : sides_(sides) {}

  void sum(std::span<double> values) {
    std::unique_lock lock(mutex_);
    if (waiting_ == 0) total_.assign(values.size(), 0);
    for (size_t i = 0; i < values.size(); ++i) total_[i] += values[i];
    const int meeting = meeting_;
    if (++waiting_ == sides_) {
      result_ = total_;
      waiting_ = 0;
      ++meeting_;
      changed_.notify_all();
    }
    changed_.wait(lock, [&] { return meeting_ != meeting; });
    std::copy(result_.begin(), result_.end(), values.begin());
  }

 private:
  int sides_, waiting_ = 0, meeting_ = 0;
  std::vector<double> total_, result_;
  std::mutex mutex_;
  std::condition_variable changed_;
};

struct Side {
  Var x, gamma, beta;
  Tensor y;
  ops::BatchStatistics statistics;
};

template <typename T>
Side make_side(const std::vector<double>& rows, int64_t columns) {
  std::vector<T> values(rows.begin(), rows.end()), scales, shifts;
  for (int64_t c = 0; c < columns; ++c) {
    scales.push_back(static_cast<T>(0.5 + 0.25 * static_cast<double>(c)));
    shifts.push_back(static_cast<T>(0.1 * static_cast<double>(c)));
  }
  const auto leaf = [](const Shape& shape, const std::vector<T>& from) {
    return Var(Tensor::from<T>(shape, std::span<const T>(from)), true);
  };
  return {leaf({static_cast<int64_t>(rows.size()) / columns, columns}, values),
          leaf({columns}, scales),
          leaf({columns}, shifts),
          {},
          {}};
}

// Upstream gradient: a function of the place in the whole batch.
void run(Side& side, int64_t first, const ops::SumOverProcesses& sum) {
  const Tensor none;
  const Var y = ops::batch_norm(side.x, side.gamma, side.beta, none, none,
                                {.activation = ops::Activation::kRelu, .sum = sum}, &side.statistics);
  side.y = y.value();
  Tensor dy = Tensor::empty(y.shape(), DType::kF64);
  for (int64_t i = 0; i < dy.count(); ++i) dy.data<double>()[i] = static_cast<double>((first + i) % 7) - 2.5;
  backward(y, dy.to(y.dtype()));
}

std::vector<double> joined(const Tensor& a, const Tensor& b) {
  std::vector<double> out;
  for (const Tensor* t : {&a, &b}) {
    const Tensor wide = t->to(DType::kF64);
    out.insert(out.end(), wide.data<double>(), wide.data<double>() + wide.count());
  }
  return out;
}

template <typename T>
void check_shared_batch(double tolerance) {
  constexpr int64_t kColumns = 5, kFirst = 3, kRows = 11;  // shares of 3 and 8 rows
  std::vector<double> rows(static_cast<size_t>(kRows * kColumns));
  Rng rng(3, RngPurpose::kTest, 0, 0);
  for (double& value : rows) value = 10 + 3 * rng.uniform_double();
  const auto cut = rows.begin() + kFirst * kColumns;

  Side whole = make_side<T>(rows, kColumns);
  run(whole, 0, {});
  Side one = make_side<T>({rows.begin(), cut}, kColumns), two = make_side<T>({cut, rows.end()}, kColumns);
  Meeting meeting(2);
  const auto sum = [&](std::span<double> values) { meeting.sum(values); };
  std::thread other([&] { run(two, kFirst * kColumns, sum); });
  run(one, 0, sum);
  other.join();

  const auto near = [&](const std::vector<double>& found, const Tensor& expected) {
    const Tensor wide = expected.to(DType::kF64);
    REQUIRE(static_cast<int64_t>(found.size()) == wide.count());
    for (size_t i = 0; i < found.size(); ++i)
      CHECK(found[i] == doctest::Approx(wide.data<double>()[i]).epsilon(tolerance).scale(1));
  };
  near(joined(one.y, two.y), whole.y);
  near(joined(one.x.grad(), two.x.grad()), whole.x.grad());
  const auto added = [](const Var& a, const Var& b) {
    const Tensor left = a.grad().to(DType::kF64), right = b.grad().to(DType::kF64);
    std::vector<double> out(left.data<double>(), left.data<double>() + left.count());
    for (size_t i = 0; i < out.size(); ++i) out[i] += right.data<double>()[i];
    return out;
  };
  near(added(one.gamma, two.gamma), whole.gamma.grad());
  near(added(one.beta, two.beta), whole.beta.grad());
  for (const Side* side : {&one, &two}) {
    CHECK(side->statistics.samples == kRows);
    near(joined(side->statistics.mean, side->statistics.variance),
         Tensor::from<double>({2 * kColumns}, joined(whole.statistics.mean, whole.statistics.variance)));
  }
}

}  // namespace

TEST_CASE("batch_norm over processes is batch_norm of the whole batch, f64") { check_shared_batch<double>(1e-12); }
TEST_CASE("batch_norm over processes is batch_norm of the whole batch, f32") { check_shared_batch<float>(2e-5); }

}  // namespace fovea
