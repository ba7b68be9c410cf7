// The inner loops of attention and of the LSTM (kernels/attention.h, kernels/lstm.h).
#include "tensor/kernels/isa/math.h"
#include "tensor/kernels/isa/table.h"

namespace fovea::FOVEA_ISA {
namespace {

// tanh(p + q) = 1 - 2 r with r = 1 / (exp(2p) exp(2q) + 1): one division for each place and unit and step, because
// exp(2p) is taken once for an image and exp(2q) once for a step.
constexpr int64_t kLanes = 16;

float lane_total(const float* lanes) {
  float total = 0;
  for (int64_t j = 0; j < kLanes; ++j) total += lanes[j];
  return total;
}

void exp_twice(const float* __restrict x, float* __restrict y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = exp_approx(2.0F * x[i]);
}

float largest_size(const float* __restrict x, int64_t n) {
  float lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (int64_t j = 0; j < kLanes; ++j) {
      const float size = __builtin_fabsf(x[i + j]);
      lanes[j] = lanes[j] < size ? size : lanes[j];
    }
  }
  float best = 0;
  for (; i < n; ++i) best = best < __builtin_fabsf(x[i]) ? __builtin_fabsf(x[i]) : best;
  for (const float lane : lanes) best = best < lane ? lane : best;
  return best;
}

void attention_scores(const float* __restrict exp_p, const float* __restrict exp_q, const float* __restrict v,
                      int64_t places, int64_t units, float* __restrict scores) {
  for (int64_t l = 0; l < places; ++l, exp_p += units) {
    float lanes[kLanes] = {};
    int64_t k = 0;
    for (; k + kLanes <= units; k += kLanes) {
      for (int64_t j = 0; j < kLanes; ++j) {
        const float r = 1.0F / (exp_p[k + j] * exp_q[k + j] + 1.0F);
        lanes[j] += v[k + j] * (1.0F - 2.0F * r);
      }
    }
    float total = 0;
    for (; k < units; ++k) total += v[k] * (1.0F - 2.0F / (exp_p[k] * exp_q[k] + 1.0F));
    scores[l] = total + lane_total(lanes);
  }
}

// One place after the other: sum_r_slope += de (r - r^2), sum_tanh += de (1 - 2r).
void attention_scores_backward(const float* __restrict exp_p, const float* __restrict exp_q,
                               const float* __restrict dscores, int64_t places, int64_t units,
                               float* __restrict sum_slope, float* __restrict sum_tanh) {
  for (int64_t l = 0; l < places; ++l, exp_p += units) {
    const float de = dscores[l];
    for (int64_t k = 0; k < units; ++k) {
      const float r = 1.0F / (exp_p[k] * exp_q[k] + 1.0F);
      sum_slope[k] += de * (r - r * r);
      sum_tanh[k] += de * (1.0F - 2.0F * r);
    }
  }
}

void attention_place_backward(const float* __restrict exp_p, const float* __restrict exp_q, float de, int64_t units,
                              float* __restrict sum_slope) {
  for (int64_t k = 0; k < units; ++k) {
    const float r = 1.0F / (exp_p[k] * exp_q[k] + 1.0F);
    sum_slope[k] += de * (r - r * r);
  }
}

void weighted_rows(const float* __restrict rows, const float* __restrict weights, int64_t count, int64_t width,
                   float* __restrict sum) {
  for (int64_t d = 0; d < width; ++d) sum[d] = 0.0F;
  int64_t l = 0;
  for (; l + 4 <= count; l += 4) {
    const float* __restrict a = rows + l * width, * __restrict b = a + width, * __restrict c = b + width, * __restrict e = c + width;
    const float wa = weights[l], wb = weights[l + 1], wc = weights[l + 2], we = weights[l + 3];
    for (int64_t d = 0; d < width; ++d) sum[d] += (wa * a[d] + wb * b[d]) + (wc * c[d] + we * e[d]);
  }
  for (; l < count; ++l) {
    for (int64_t d = 0; d < width; ++d) sum[d] += weights[l] * rows[l * width + d];
  }
}

void row_dots(const float* __restrict rows, const float* __restrict x, int64_t count, int64_t width,
              float* __restrict dots) {
  for (int64_t l = 0; l < count; ++l, rows += width) {
    float lanes[kLanes] = {};
    int64_t d = 0;
    for (; d + kLanes <= width; d += kLanes) {
      for (int64_t j = 0; j < kLanes; ++j) lanes[j] += rows[d + j] * x[d + j];
    }
    float total = 0;
    for (; d < width; ++d) total += rows[d] * x[d];
    dots[l] = total + lane_total(lanes);
  }
}

void lstm_forward(float* __restrict gates, const float* __restrict c_before, int64_t n, float* __restrict c,
                  float* __restrict h) {
  float* __restrict in = gates, * __restrict forget = gates + n, * __restrict out = gates + 2 * n, * __restrict candidate = gates + 3 * n;
  for (int64_t j = 0; j < n; ++j) {
    const float i = sigmoid_approx(in[j]), f = sigmoid_approx(forget[j]), o = sigmoid_approx(out[j]);
    const float g = tanh_approx(candidate[j]), cell = f * c_before[j] + i * g;
    in[j] = i;
    forget[j] = f;
    out[j] = o;
    candidate[j] = g;
    c[j] = cell;
    h[j] = o * tanh_approx(cell);
  }
}

void lstm_backward(float* __restrict gates, const float* __restrict c_before, const float* __restrict c,
                   const float* __restrict dh, int64_t n, float* __restrict dc) {
  float* __restrict in = gates, * __restrict forget = gates + n, * __restrict out = gates + 2 * n, * __restrict candidate = gates + 3 * n;
  for (int64_t j = 0; j < n; ++j) {
    const float i = in[j], f = forget[j], o = out[j], g = candidate[j], t = tanh_approx(c[j]);
    const float dcell = dc[j] + dh[j] * o * (1.0F - t * t);
    in[j] = dcell * g * i * (1.0F - i);
    forget[j] = dcell * c_before[j] * f * (1.0F - f);
    out[j] = dh[j] * t * o * (1.0F - o);
    candidate[j] = dcell * i * (1.0F - g * g);
    dc[j] = dcell * f;
  }
}

}  // namespace

void fill_attention(kernels::KernelTable& table);
void fill_attention(kernels::KernelTable& table) {
  table.exp_twice = exp_twice;
  table.largest_size = largest_size;
  table.attention_scores = attention_scores;
  table.attention_scores_backward = attention_scores_backward;
  table.attention_place_backward = attention_place_backward;
  table.weighted_rows = weighted_rows;
  table.row_dots = row_dots;
  table.lstm_forward = lstm_forward;
  table.lstm_backward = lstm_backward;
}

}  // namespace fovea::FOVEA_ISA
