#include "autograd/ops/heat_map_loss.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "autograd/ops/check.h"
#include "base/parallel.h"
#include "tensor/kernels/dispatch.h"
#include "tensor/kernels/pointwise.h"

namespace fovea::ops {
namespace {

void check_maps(const char* op, const Var& maps, const Tensor& target, const Tensor& weight) {
  const Shape& s = maps.shape();
  detail::require_rank(s.rank() == 4, op, s, "[N,h,w,K]");
  detail::require_fit(target.shape() == s, op, s, target.shape());
  detail::require_fit(weight.rank() == 2 && weight.extent(0) == s[0] && weight.extent(1) == s[3], op, s,
                      weight.shape());
}

// Map (n, k) of [N,h,w,K] begins at `start` and has `cells` values `step` apart.
struct MapView {
  int64_t start, cells, step;
};
MapView map_of(const Shape& s, int64_t map) {
  return {map / s[3] * s[1] * s[2] * s[3] + map % s[3], s[1] * s[2], s[3]};
}

// Runs loss(map) for the maps that count and returns their sum over M; `slope` is what the maps' gradient is.
template <typename T, typename PerMap>
double over_maps(const Shape& s, const Tensor& weight, Tensor& slope, PerMap&& per_map) {
  const int64_t count = s[0] * s[3];
  std::vector<double> losses(static_cast<size_t>(count));
  double valid = 0;
  for (int64_t map = 0; map < count; ++map) valid += weight.at(map) != 0 ? 1 : 0;
  T* d = slope.data<T>();
  parallel_tasks(count, [&](int64_t map) {
    const MapView view = map_of(s, map);
    if (weight.at(map) == 0) {
      for (int64_t i = 0; i < view.cells; ++i) d[view.start + i * view.step] = 0;
    } else {
      losses[static_cast<size_t>(map)] = per_map(view, valid, d);
    }
  });
  double sum = 0;
  for (const double loss : losses) sum += loss;
  return valid > 0 ? sum / valid : 0;
}

template <typename T>
double mass_of(const MapView& view, const T* map) {
  double mass = 0;
  for (int64_t i = 0; i < view.cells; ++i) mass += static_cast<double>(map[view.start + i * view.step]);
  return mass;
}

constexpr double kLeastMass = 1e-6;    // of a target that says where the joint is
constexpr double kLeastShare = 1e-30;  // products of many messages underflow where no part is near

// The mean over the maps that count of per_map(view, values, target, their number, slope), which fills in its
// map's slope.
template <typename PerMap>
Var mean_over_maps(const char* op, const Var& maps, const Tensor& target, const Tensor& weight, PerMap&& per_map) {
  check_maps(op, maps, target, weight);
  Tensor slope = Tensor::empty(maps.shape(), maps.dtype());
  double loss = 0;
  kernels::by_type(maps.dtype(), [&]<typename T>() {
    const T *values = maps.value().data<T>(), *wanted = target.data<T>();
    loss = over_maps<T>(maps.shape(), weight, slope, [&](const MapView& view, double valid, T* d) {
      return per_map(view, values, wanted, valid, d);
    });
  });
  return record(op, Tensor::full({1}, loss, maps.dtype()), {maps}, [maps, slope = std::move(slope)](const Tensor& dy) {
    const double upstream = dy.item();
    maps.add_grad(upstream == 1 ? slope : kernels::affine(slope, upstream, 0));
  });
}

}  // namespace

// L = 1/(2M) sum u (p - t)^2;  dL/dp = u (p - t) / M.
Var map_squared_error(const Var& maps, const Tensor& target, const Tensor& weight, double foreground) {
  const auto per_map = [foreground]<typename T>(const MapView& view, const T* p, const T* t, double valid, T* d) {
    double sum = 0;
    for (int64_t i = view.start; i < view.start + view.cells * view.step; i += view.step) {
      const double wanted = static_cast<double>(t[i]), u = 1 + (foreground - 1) * wanted;
      const double error = static_cast<double>(p[i]) - wanted;
      sum += u * error * error / 2;
      d[i] = static_cast<T>(u * error / valid);
    }
    return sum;
  };
  return mean_over_maps("map_squared_error", maps, target, weight, per_map);
}

// With s = softmax(p) over the cells and t' = t / sum(t): L = 1/M sum -t' log s;  dL/dp = (s - t') / M.
Var map_cross_entropy(const Var& maps, const Tensor& target, const Tensor& weight) {
  const auto per_map = []<typename T>(const MapView& view, const T* p, const T* t, double valid, T* d) {
    const int64_t end = view.start + view.cells * view.step;
    const double mass = mass_of(view, t);
    double highest = -INFINITY, total = 0, sum = 0;
    for (int64_t i = view.start; i < end; i += view.step) highest = std::max(highest, static_cast<double>(p[i]));
    for (int64_t i = view.start; i < end; i += view.step) total += std::exp(static_cast<double>(p[i]) - highest);
    const double normalizer = highest + std::log(total);
    for (int64_t i = view.start; i < end; i += view.step) {
      const double wanted = mass > kLeastMass ? static_cast<double>(t[i]) / mass : 0;
      const double log_share = static_cast<double>(p[i]) - normalizer;
      sum -= wanted * log_share;
      d[i] = mass > kLeastMass ? static_cast<T>((std::exp(log_share) - wanted) / valid) : T{0};
    }
    return sum;
  };
  return mean_over_maps("map_cross_entropy", maps, target, weight, per_map);
}

// With Z = sum(y) and t' = t / sum(t): L = 1/M sum -t' log(y / Z);  dL/dy = (1/Z - t'/y) / M.
Var normalized_map_cross_entropy(const Var& maps, const Tensor& target, const Tensor& weight) {
  const auto per_map = []<typename T>(const MapView& view, const T* y, const T* t, double valid, T* d) {
    const double mass = mass_of(view, t), total = std::max(mass_of(view, y), kLeastShare);
    double sum = 0;
    for (int64_t i = view.start; i < view.start + view.cells * view.step; i += view.step) {
      const double wanted = mass > kLeastMass ? static_cast<double>(t[i]) / mass : 0;
      const double found = std::max(static_cast<double>(y[i]), kLeastShare);
      sum -= wanted * std::log(found / total);
      d[i] = mass > kLeastMass ? static_cast<T>((1 / total - wanted / found) / valid) : T{0};
    }
    return sum;
  };
  return mean_over_maps("normalized_map_cross_entropy", maps, target, weight, per_map);
}

}  // namespace fovea::ops
