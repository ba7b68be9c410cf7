#include "autograd/ops/recurrent.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <optional>

#include "autograd/ops/arithmetic.h"
#include "autograd/ops/check.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/shape.h"
#include "base/parallel.h"
#include "tensor/kernels/attention.h"
#include "tensor/kernels/dispatch.h"
#include "tensor/kernels/gemm.h"
#include "tensor/kernels/lstm.h"
#include "tensor/kernels/packed_product.h"
#include "tensor/kernels/pointwise.h"
#include "tensor/kernels/reference.h"
#include "tensor/kernels/softmax.h"

namespace fovea::ops {

PackedSteps PackedSteps::of_lengths(const std::vector<int64_t>& lengths) {
  PackedSteps out;
  for (size_t i = 0; i < lengths.size(); ++i) {
    if (lengths[i] < 1 || (i > 0 && lengths[i] > lengths[i - 1])) {
      fail(ErrorKind::kData, "sequence {}: expected a length >= 1 that does not increase, found {}", i, lengths[i]);
    }
  }
  if (lengths.empty()) return out;
  for (int64_t t = 0; t < lengths[0]; ++t) {
    out.active.push_back(std::count_if(lengths.begin(), lengths.end(), [t](int64_t length) { return length > t; }));
  }
  return out;
}

int64_t PackedSteps::rows() const { return std::accumulate(active.begin(), active.end(), int64_t{0}); }

std::vector<int64_t> PackedSteps::offsets() const {
  std::vector<int64_t> out{0};
  for (const int64_t count : active) out.push_back(out.back() + count);
  return out;
}

namespace {

using kernels::Rows;

struct Sizes {
  int64_t b = 0, r = 0, m = 0, n = 0, images = 0, places = 0, d = 0, k = 0, gates = 0;
};

Sizes check(const AttentionLstmInputs& in, const PackedSteps& steps, const AttentionLstmConfig& config) {
  Sizes s;
  s.b = steps.sequences();
  s.r = steps.rows();
  detail::require_rank(in.h0.shape().rank() == 2, "attention_lstm: h0", in.h0.shape(), "[B,n]");
  s.n = in.h0.extent(1);
  s.m = in.x.shape().channels();
  const auto fit = [&](bool fits, const char* what, const Var& v) {
    detail::require_fit(fits, what, v.shape(), in.h0.shape());
  };
  const auto is = [](const Var& v, const Shape& shape) { return v.defined() && v.shape() == shape; };
  fit(in.h0.extent(0) == s.b && is(in.c0, in.h0.shape()), "attention_lstm: c0", in.c0);
  fit(is(in.x, {s.r, s.m}), "attention_lstm: x", in.x);
  if (in.annotations.defined()) {
    detail::require_rank(in.annotations.shape().rank() == 3, "attention_lstm: annotations", in.annotations.shape(),
                         "[I,L,D]");
    s.images = in.annotations.extent(0), s.places = in.annotations.extent(1), s.d = in.annotations.extent(2);
    fit(in.projected.defined() || s.places == 1, "attention_lstm: annotations without scores", in.annotations);
    const std::vector<int64_t>& image = config.image;
    const bool known =
        image.empty() ? s.images == s.b
                      : static_cast<int64_t>(image.size()) == s.b &&
                            std::all_of(image.begin(), image.end(), [&](int64_t i) { return i >= 0 && i < s.images; });
    fit(known, "attention_lstm: images of the sequences", in.annotations);
  }
  if (in.projected.defined()) {
    s.k = in.projected.shape().channels();
    fit(is(in.projected, {s.images, s.places, s.k}) && s.places > 0, "attention_lstm: projected", in.projected);
    fit(is(in.query_weight, {s.k, s.n}), "attention_lstm: query_weight", in.query_weight);
    fit(in.score_weight.value().count() == s.k && in.score_bias.value().count() == 1, "attention_lstm: scores",
        in.score_weight);
  }
  if (in.gate_weight.defined()) {
    s.gates = in.gate_weight.extent(0);
    fit(s.d > 0 && (s.gates == 1 || s.gates == s.d) && is(in.gate_weight, {s.gates, s.n}) &&
            is(in.gate_bias, {s.gates}),
        "attention_lstm: gate", in.gate_weight);
  }
  fit(is(in.input_weight, {4 * s.n, s.m}), "attention_lstm: input_weight", in.input_weight);
  fit(is(in.recurrent_weight, {4 * s.n, s.n + s.d}), "attention_lstm: recurrent_weight", in.recurrent_weight);
  fit(is(in.bias, {4 * s.n}), "attention_lstm: bias", in.bias);
  FOVEA_CHECK(config.sampled.empty() || static_cast<int64_t>(config.sampled.size()) == s.b, "{} sampling flags",
              config.sampled.size());
  FOVEA_CHECK(config.activation == Activation::kTanh || config.activation == Activation::kRelu, "attention activation");
  return s;
}

// What later steps and the losses say about the outputs.
struct Upstream {
  Tensor h, context, alpha, scores;  // undefined: zero
};

// Everything of one call: the values that backward needs, and the passes over the steps.
template <typename T>
class Recurrence {
 public:
  Recurrence(const AttentionLstmInputs& in, const PackedSteps& steps, const AttentionLstmConfig& config,
             const Sizes& sizes)
      : in_(in), config_(config), s_(sizes), active_(steps.active), offsets_(steps.offsets()) {
    if (config_.image.empty()) {
      config_.image.resize(static_cast<size_t>(s_.b));
      std::iota(config_.image.begin(), config_.image.end(), int64_t{0});
    }
  }

  void forward();
  void backward(const Upstream& up);

  Tensor h, z, alpha, scores, beta, c_last;
  std::vector<int32_t> places;
  int64_t pending = 0;  // outputs whose gradient has not been asked for yet
  Upstream upstream;

 private:
  Tensor make(const Shape& shape) const { return Tensor::empty(shape, dtype_of<T>); }
  static T* row(Tensor& x, int64_t r) { return x.data<T>() + r * x.shape().channels(); }
  static const T* row(const Tensor& x, int64_t r) { return x.data<T>() + r * x.shape().channels(); }
  const T* before(const Tensor& first, const Tensor& later, int64_t t, int64_t b) const {
    return t == 0 ? row(first, b) : row(later, offsets_[static_cast<size_t>(t) - 1] + b);
  }
  bool attends() const { return in_.projected.defined(); }
  bool is_sampled(int64_t b) const { return !config_.sampled.empty() && config_.sampled[static_cast<size_t>(b)]; }
  kernels::AttentionScorer<T> scorer() const {
    return {in_.projected.value(), in_.score_weight.value(),
            config_.activation == Activation::kTanh ? kernels::Unary::kTanh : kernels::Unary::kRelu};
  }

  void attend(const kernels::AttentionScorer<T>* scorer, int64_t t, int64_t b);
  int32_t choose(int64_t t, int64_t b, const T* probabilities) const;
  void attend_backward(const kernels::AttentionScorer<T>* scorer, const Upstream& up, int64_t t, int64_t b, const T* dz,
                       T* dv);
  void weight_gradients();
  void product_gradient(const Var& weight, const Tensor& dy, const Tensor& x);
  void place_gradients();
  Tensor before_all() const;

  AttentionLstmInputs in_;
  AttentionLstmConfig config_;
  Sizes s_;
  std::vector<int64_t> active_, offsets_;
  Tensor gates_;                        // [R,4n] gate values, then dq
  Tensor hz_;                           // [R,n+D] h of the step before, z
  Tensor c_;                            // [R,n]
  Tensor query_;                        // [R,K] h Wh
  Tensor zhat_;                         // [R,D], only with a gate
  Tensor dquery_, dgate_, de_, dzhat_;  // [R,..] filled by backward
  Tensor dv_rows_;                      // [B,K]
};

// The place at which the cumulative sum passes u; the likeliest one for argmax; -1: all places.
template <typename T>
int32_t Recurrence<T>::choose(int64_t t, int64_t b, const T* probabilities) const {
  if (config_.argmax)
    return static_cast<int32_t>(std::max_element(probabilities, probabilities + s_.places) - probabilities);
  if (!is_sampled(b)) return -1;
  const double u = config_.uniform(b, t);
  double sum = 0;
  int32_t last = 0;
  for (int64_t l = 0; l < s_.places; ++l) {
    if (!(probabilities[l] > 0)) continue;  // rounding must not pick an impossible place
    last = static_cast<int32_t>(l);
    sum += static_cast<double>(probabilities[l]);
    if (u < sum) break;
  }
  return last;
}

template <typename T>
void softmax_row(const T* x, int64_t count, T* y) {
  const double shift = static_cast<double>(*std::max_element(x, x + count));
  double total = 0;
  for (int64_t l = 0; l < count; ++l) {
    const double value = std::exp(static_cast<double>(x[l]) - shift);
    total += value;
    y[l] = static_cast<T>(value);
  }
  for (int64_t l = 0; l < count; ++l) y[l] = static_cast<T>(static_cast<double>(y[l]) / total);
}

// alpha, place and z of sequence b at step t; its query and the gate's pre-activation are there already.
template <typename T>
void Recurrence<T>::attend(const kernels::AttentionScorer<T>* scorer, int64_t t, int64_t b) {
  const int64_t r = offsets_[static_cast<size_t>(t)] + b, image = config_.image[static_cast<size_t>(b)];
  const T* a = in_.annotations.value().data<T>() + image * s_.places * s_.d;
  T* zhat = s_.gates > 0 ? row(zhat_, r) : row(z, r);
  int32_t place = 0;
  if (scorer != nullptr) {
    T* e = row(scores, r);
    scorer->scores(image, row(query_, r), e);
    const T bias = in_.score_bias.value().data<T>()[0], factor = static_cast<T>(config_.temperature);
    for (int64_t l = 0; l < s_.places; ++l) e[l] = (e[l] + bias) * factor;
    softmax_row(e, s_.places, row(alpha, r));
    place = choose(t, b, row(alpha, r));
    places[static_cast<size_t>(r)] = place;
  }
  if (place >= 0)
    std::copy(a + place * s_.d, a + (place + 1) * s_.d, zhat);
  else
    kernels::weighted_rows(a, row(std::as_const(alpha), r), s_.places, s_.d, zhat);
  if (s_.gates > 0) {
    T *beta_row = row(beta, r), *z_row = row(z, r);
    for (int64_t g = 0; g < s_.gates; ++g) {
      beta_row[g] =
          kernels::reference::unary(kernels::Unary::kSigmoid, beta_row[g] + in_.gate_bias.value().data<T>()[g]);
    }
    for (int64_t d = 0; d < s_.d; ++d) z_row[d] = beta_row[s_.gates == 1 ? 0 : d] * zhat[d];
  }
  std::copy(row(z, r), row(z, r) + s_.d, row(hz_, r) + s_.n);
}

template <typename T>
void Recurrence<T>::forward() {
  h = make({s_.r, s_.n});
  c_ = make({s_.r, s_.n});
  hz_ = make({s_.r, s_.n + s_.d});
  c_last = in_.c0.value().clone();
  if (s_.d > 0) z = make({s_.r, s_.d});
  if (s_.gates > 0) zhat_ = make({s_.r, s_.d}), beta = make({s_.r, s_.gates});
  if (attends()) {
    alpha = make({s_.r, s_.places}), scores = make({s_.r, s_.places}), query_ = make({s_.r, s_.k});
    places.assign(static_cast<size_t>(s_.r), -1);
  }
  gates_ = make({s_.r, 4 * s_.n});
  kernels::multiply_rows<T>({in_.x.value().data<T>(), s_.r, s_.m}, in_.input_weight.value(),
                            {gates_.data<T>(), s_.r, 4 * s_.n}, false);
  kernels::add_row_into(in_.bias.value(), false, gates_);
  std::optional<kernels::AttentionScorer<T>> scores_of;
  if (attends() && s_.r > 0) scores_of.emplace(scorer());
  const Tensor &h0 = in_.h0.value(), &c0 = in_.c0.value();
  for (size_t step = 0; step < active_.size(); ++step) {
    const int64_t t = static_cast<int64_t>(step), count = active_[step], first = offsets_[step];
    for (int64_t b = 0; b < count; ++b) {
      const T* from = before(h0, h, t, b);
      std::copy(from, from + s_.n, row(hz_, first + b));
    }
    const Rows<const T> h_rows{row(std::as_const(hz_), first), count, s_.n + s_.d};
    if (attends())
      kernels::multiply_rows<T>(h_rows, in_.query_weight.value(), {row(query_, first), count, s_.k}, false);
    if (s_.gates > 0)
      kernels::multiply_rows<T>(h_rows, in_.gate_weight.value(), {row(beta, first), count, s_.gates}, false);
    if (s_.d > 0) parallel_tasks(count, [&](int64_t b) { attend(scores_of ? &*scores_of : nullptr, t, b); });
    kernels::multiply_rows<T>(h_rows, in_.recurrent_weight.value(), {row(gates_, first), count, 4 * s_.n}, true);
    parallel_tasks(count, [&](int64_t b) {
      kernels::lstm_forward(row(gates_, first + b), before(c0, c_, t, b), s_.n, row(c_, first + b), row(h, first + b));
      std::copy(row(std::as_const(c_), first + b), row(std::as_const(c_), first + b) + s_.n, row(c_last, b));
    });
  }
}

// From dz of one row to de, the query's gradient, the gate's and zhat's.
template <typename T>
void Recurrence<T>::attend_backward(const kernels::AttentionScorer<T>* scorer, const Upstream& up, int64_t t, int64_t b,
                                    const T* dz, T* dv) {
  const int64_t r = offsets_[static_cast<size_t>(t)] + b, image = config_.image[static_cast<size_t>(b)];
  const T* up_z = up.context.defined() ? row(std::as_const(up.context), r) : nullptr;
  T* dzhat = row(dzhat_, r);
  for (int64_t d = 0; d < s_.d; ++d) dzhat[d] = dz[d] + (up_z != nullptr ? up_z[d] : T{0});
  if (s_.gates > 0) {
    const T *beta_row = row(std::as_const(beta), r), *zhat = row(std::as_const(zhat_), r);
    T* dgate = row(dgate_, r);
    double sum = 0;
    for (int64_t d = 0; d < s_.d; ++d) {
      const T value = beta_row[s_.gates == 1 ? 0 : d], slope = dzhat[d] * zhat[d];
      if (s_.gates == 1)
        sum += static_cast<double>(slope);
      else
        dgate[d] = slope * value * (1 - value);
      dzhat[d] *= value;
    }
    if (s_.gates == 1) dgate[0] = static_cast<T>(sum) * beta_row[0] * (1 - beta_row[0]);
  }
  if (scorer == nullptr) return;
  T* de = row(de_, r);
  const T *probability = row(std::as_const(alpha), r),
          *up_alpha = up.alpha.defined() ? row(std::as_const(up.alpha), r) : nullptr,
          *up_scores = up.scores.defined() ? row(std::as_const(up.scores), r) : nullptr;
  if (places[static_cast<size_t>(r)] < 0) {
    kernels::row_dots<T>(in_.annotations.value().data<T>() + image * s_.places * s_.d, dzhat, s_.places, s_.d, de);
  } else {
    std::fill(de, de + s_.places, T{0});
  }
  double mean = 0;
  for (int64_t l = 0; l < s_.places; ++l) {
    if (up_alpha != nullptr) de[l] += up_alpha[l];
    mean += static_cast<double>(probability[l]) * static_cast<double>(de[l]);
  }
  const double factor = config_.temperature;
  for (int64_t l = 0; l < s_.places; ++l) {
    const double slope = static_cast<double>(probability[l]) * (static_cast<double>(de[l]) - mean) +
                         (up_scores != nullptr ? static_cast<double>(up_scores[l]) : 0.0);
    de[l] = static_cast<T>(factor * slope);
  }
  scorer->backward_query(image, row(std::as_const(query_), r), de, row(dquery_, r), dv);
}

// dW of y = x W^T, all rows at once.
template <typename T>
void Recurrence<T>::product_gradient(const Var& weight, const Tensor& dy, const Tensor& x) {
  if (!weight.needs_grad()) return;
  Tensor dw = make(weight.shape());
  kernels::gemm(true, false, weight.extent(0), weight.extent(1), s_.r, dy, x, dw);
  weight.add_grad(std::move(dw));
}

// h of the step before, for each row.
template <typename T>
Tensor Recurrence<T>::before_all() const {
  Tensor out = Tensor::empty({s_.r, s_.n}, dtype_of<T>);
  T* to = out.data<T>();
  parallel_tasks(s_.r, [&](int64_t r) { std::copy(row(hz_, r), row(hz_, r) + s_.n, to + r * s_.n); });
  return out;
}

template <typename T>
void Recurrence<T>::weight_gradients() {
  product_gradient(in_.input_weight, gates_, in_.x.value());
  product_gradient(in_.recurrent_weight, gates_, hz_);
  if (in_.bias.needs_grad()) in_.bias.add_grad(kernels::column_sums(gates_));
  if (in_.x.needs_grad()) {
    Tensor dx = make(in_.x.shape());
    kernels::gemm(false, false, s_.r, s_.m, 4 * s_.n, gates_, in_.input_weight.value(), dx);
    in_.x.add_grad(std::move(dx));
  }
  if (!attends() && s_.gates == 0) return;
  const Tensor h_before = before_all();
  if (s_.gates > 0) {
    product_gradient(in_.gate_weight, dgate_, h_before);
    if (in_.gate_bias.needs_grad()) in_.gate_bias.add_grad(kernels::column_sums(dgate_));
  }
  if (!attends()) return;
  product_gradient(in_.query_weight, dquery_, h_before);
  if (in_.score_weight.needs_grad())
    in_.score_weight.add_grad(kernels::column_sums(dv_rows_).reshape(in_.score_weight.shape()));
  if (in_.score_bias.needs_grad())
    in_.score_bias.add_grad(Tensor::full(in_.score_bias.shape(), kernels::total(de_), dtype_of<T>));
}

// Gradients of p and a: for each image the rows that looked at it, in order.
template <typename T>
void Recurrence<T>::place_gradients() {
  const bool want_p = attends() && in_.projected.needs_grad(),
             want_a = in_.annotations.defined() && in_.annotations.needs_grad();
  if (!want_p && !want_a) return;
  std::vector<std::vector<int64_t>> rows(static_cast<size_t>(s_.images));
  for (size_t t = 0; t < active_.size(); ++t) {
    for (int64_t b = 0; b < active_[t]; ++b)
      rows[static_cast<size_t>(config_.image[static_cast<size_t>(b)])].push_back(offsets_[t] + b);
  }
  Tensor dp = want_p ? make(in_.projected.shape()) : Tensor(),
         da = want_a ? Tensor::zeros(in_.annotations.shape(), dtype_of<T>) : Tensor();
  std::optional<kernels::AttentionScorer<T>> scores_of;
  if (want_p && s_.r > 0) scores_of.emplace(scorer());
  parallel_tasks(s_.images, [&](int64_t i) {
    const auto& mine = rows[static_cast<size_t>(i)];
    if (want_p && mine.empty()) {
      T* out = dp.data<T>() + i * s_.places * s_.k;
      std::fill(out, out + s_.places * s_.k, T{0});
    } else if (want_p) {
      std::vector<typename kernels::AttentionScorer<T>::Step> steps;
      for (const int64_t r : mine) steps.push_back({row(std::as_const(query_), r), row(std::as_const(de_), r)});
      scores_of->backward_places(i, steps, dp.data<T>() + i * s_.places * s_.k);
    }
    if (!want_a) return;
    T* out = da.data<T>() + i * s_.places * s_.d;
    for (const int64_t r : mine) {
      const T* dzhat = row(std::as_const(dzhat_), r);
      const int32_t place = attends() ? places[static_cast<size_t>(r)] : 0;
      for (int64_t l = 0; l < s_.places; ++l) {
        if (place >= 0 && l != place) continue;
        const T weight = place >= 0 ? T{1} : row(std::as_const(alpha), r)[l];
        for (int64_t d = 0; d < s_.d; ++d) out[l * s_.d + d] += weight * dzhat[d];
      }
    }
  });
  if (want_p) in_.projected.add_grad(std::move(dp));
  if (want_a) in_.annotations.add_grad(std::move(da));
}

template <typename T>
void Recurrence<T>::backward(const Upstream& up) {
  const int64_t width = s_.n + s_.d;
  if (s_.d > 0) dzhat_ = make({s_.r, s_.d});
  if (s_.gates > 0) dgate_ = make({s_.r, s_.gates});
  if (attends()) {
    dquery_ = make({s_.r, s_.k}), de_ = make({s_.r, s_.places});
    dv_rows_ = Tensor::zeros({s_.b, s_.k}, dtype_of<T>);
  }
  std::optional<kernels::AttentionScorer<T>> scores_of;
  if (attends() && s_.r > 0) scores_of.emplace(scorer());
  Tensor dh = Tensor::zeros({s_.b, s_.n}, dtype_of<T>), dc = Tensor::zeros({s_.b, s_.n}, dtype_of<T>),
         dhz = make({s_.b, width});
  const Tensor& c0 = in_.c0.value();
  for (int64_t t = static_cast<int64_t>(active_.size()) - 1; t >= 0; --t) {
    const int64_t count = active_[static_cast<size_t>(t)], first = offsets_[static_cast<size_t>(t)];
    parallel_tasks(count, [&](int64_t b) {
      T* dh_row = row(dh, b);
      if (up.h.defined()) {
        const T* more = row(std::as_const(up.h), first + b);
        for (int64_t j = 0; j < s_.n; ++j) dh_row[j] += more[j];
      }
      kernels::lstm_backward(row(gates_, first + b), before(c0, c_, t, b), row(std::as_const(c_), first + b), dh_row,
                             s_.n, row(dc, b));
    });
    const Rows<T> dh_rows{dhz.data<T>(), count, width};
    kernels::multiply_rows_back<T>({row(std::as_const(gates_), first), count, 4 * s_.n}, in_.recurrent_weight.value(),
                                   dh_rows, false);
    if (s_.d > 0) {
      parallel_tasks(count, [&](int64_t b) {
        attend_backward(scores_of ? &*scores_of : nullptr, up, t, b, row(std::as_const(dhz), b) + s_.n,
                        attends() ? row(dv_rows_, b) : nullptr);
      });
    }
    if (s_.gates > 0)
      kernels::multiply_rows_back<T>({row(std::as_const(dgate_), first), count, s_.gates}, in_.gate_weight.value(),
                                     dh_rows, true);
    if (attends())
      kernels::multiply_rows_back<T>({row(std::as_const(dquery_), first), count, s_.k}, in_.query_weight.value(),
                                     dh_rows, true);
    for (int64_t b = 0; b < count; ++b)
      std::copy(row(std::as_const(dhz), b), row(std::as_const(dhz), b) + s_.n, row(dh, b));
  }
  if (in_.h0.needs_grad()) in_.h0.add_grad(std::move(dh));
  if (in_.c0.needs_grad()) in_.c0.add_grad(std::move(dc));
  weight_gradients();
  place_gradients();
}

template <typename T>
AttentionLstmOutputs run(const AttentionLstmInputs& in, const PackedSteps& steps, const AttentionLstmConfig& config,
                         const Sizes& sizes) {
  auto state = std::make_shared<Recurrence<T>>(in, steps, config, sizes);
  state->forward();
  AttentionLstmOutputs out;
  out.places = state->places;
  out.gate = state->beta;
  out.c = state->c_last;
  // One node for the recurrence, one for each output: an output hands its gradient over and wakes the recurrence, which
  // was created earlier and therefore runs after all of them.
  const Var joint =
      record("attention_lstm", Tensor::full({1}, 0, dtype_of<T>),
             {in.x, in.h0, in.c0, in.input_weight, in.recurrent_weight, in.bias, in.annotations, in.projected,
              in.query_weight, in.score_weight, in.score_bias, in.gate_weight, in.gate_bias},
             [state](const Tensor&) { state->backward(state->upstream); });
  const auto output = [&](const char* name, const Tensor& value, Tensor Upstream::*slot) {
    if (!value.defined()) return Var();
    return record(name, value, {joint}, [state, joint, slot](const Tensor& dy) {
      state->upstream.*slot = dy;
      joint.add_grad(Tensor::full({1}, 1, dtype_of<T>));
    });
  };
  out.h = output("attention_lstm: h", state->h, &Upstream::h);
  out.context = output("attention_lstm: context", state->z, &Upstream::context);
  out.alpha = output("attention_lstm: alpha", state->alpha, &Upstream::alpha);
  out.scores = output("attention_lstm: scores", state->scores, &Upstream::scores);
  return out;
}

}  // namespace

// Backpropagation through time, from the last step to the first. With dh, dc of a step (what the losses and the step
// after it say):
//   dq from kernels/lstm.h;  [dh dz] = dq [U; C]^T;  dz += what the losses say
//   dzhat = beta dz;  dbeta = dz zhat (summed over D for a scalar gate);  dh += dbeta beta (1 - beta) Wb^T
//   soft: dalpha = a dzhat + what the losses say;  sampled: what the losses say alone
//   de = temperature (alpha (dalpha - alpha . dalpha) + dscores);  dh += [sum_l de_l v f'] Wh^T
// Weight gradients are products over all rows at once: dW = dq^T x, d[U; C] = dq^T [h z], dWh = dquery^T h.
// p and a collect over all steps of an image: dp_l = v sum_t de_tl f'(p_l + query_t), da_l = sum_t alpha_tl dzhat_t.
AttentionLstmOutputs attention_lstm(const AttentionLstmInputs& inputs, const PackedSteps& steps,
                                    const AttentionLstmConfig& config) {
  const Sizes sizes = check(inputs, steps, config);
  return inputs.h0.dtype() == DType::kF32 ? run<float>(inputs, steps, config, sizes)
                                          : run<double>(inputs, steps, config, sizes);
}

// (x W0^T + b0) W1^T + b1 = x (W1 W0)^T + (W1 b0 + b1).
Var attention_projection(const Var& x, const std::vector<Var>& weights, const std::vector<Var>& biases) {
  FOVEA_CHECK(!weights.empty() && weights.size() == biases.size(), "{} weights and {} biases", weights.size(),
              biases.size());
  if (weights.size() == 1) return linear(x, weights[0], biases[0]);
  detail::require_fit(
      weights[0].shape().rank() == 2 && weights[1].shape().rank() == 2 && weights[1].extent(1) == weights[0].extent(0),
      "attention_projection", weights[0].shape(), weights[1].shape());
  const int64_t units = weights[1].extent(0);
  const Var weight = matmul(weights[1], weights[0]);
  const Var bias =
      add(matmul(weights[1], reshape(biases[0], {biases[0].value().count(), 1})), reshape(biases[1], {units, 1}));
  Var y = linear(x, weight, reshape(bias, {units}), Activation::kTanh);
  for (size_t i = 2; i < weights.size(); ++i) y = linear(y, weights[i], biases[i], Activation::kTanh);
  return y;
}

}  // namespace fovea::ops
