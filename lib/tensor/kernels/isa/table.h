// The hot f32 kernels as function pointers: one table per instruction set, one chosen at start. The files of this
// folder are compiled once per set, in the namespace FOVEA_ISA; they see raw pointers only and share no inline code
// with the rest, because the linker would keep one copy of it, perhaps the one this CPU can't run.
#pragma once

#include <cstdint>

#include "tensor/kernels/unary.h"

namespace fovea::kernels {

// One row of pooling windows: `rows` rows of x lie inside the image, the first is row `first_row` of the window.
struct PoolRow {
  int64_t channels, in_width, out_width, kernel_x, stride_x, pad_left, rows, first_row;
};

// Philox 4x32-10: the draws of one stream (base/rng.h), four per block.
struct PhiloxStream {
  uint32_t key[2], counter[3];  // counter: words 1 to 3; word 0 is the number of the block
};

struct OptimizerStep {
  float learning_rate, momentum, decay, beta1, beta2, eps, first_factor, second_factor;
  bool nesterov, decoupled_decay;
};

// Columns of B that packed products keep side by side (packed_product.h), on every instruction set.
constexpr int kPanelColumns = 16;

// A transform of one length as passes of small radices; `twiddle` as isa/fft.cc reads them.
struct FftPlan {
  static constexpr int kMaxPasses = 24;
  int64_t length = 0;
  int passes = 0;  // two at least
  int radix[kMaxPasses] = {};
  const float* twiddle[kMaxPasses] = {};
};

struct KernelTable {
  // Pointwise over n values. Outputs do not overlap inputs.
  void (*unary)(Unary kind, const float* x, float* y, int64_t n);
  void (*unary_backward)(Unary kind, const float* y, const float* dy, float* dx, int64_t n);
  void (*add)(const float* a, const float* b, float* y, int64_t n);
  void (*subtract)(const float* a, const float* b, float* y, int64_t n);
  void (*multiply)(const float* a, const float* b, float* y, int64_t n);
  void (*affine)(const float* x, float factor, float offset, float* y, int64_t n);
  void (*add_into)(const float* x, float* sum, int64_t n);
  void (*add_row_into)(const float* row, bool relu, float* x, int64_t rows, int64_t columns, int64_t stride);
  void (*column_sums)(const float* x, int64_t rows, int64_t columns, double* sums);  // sums +=
  double (*sum)(const float* x, int64_t n);
  double (*sum_of_squares)(const float* x, int64_t n);

  // f32 rows against an f64 vector, for solvers that must not lose digits: sum x w; w += a x. `ahead` [n]: the row that
  // will be wanted next, fetched meanwhile.
  double (*dot_wide)(const float* x, const double* w, int64_t n, const float* ahead);
  void (*add_scaled_wide)(double a, const float* x, double* w, int64_t n);

  // Softmax of each row. `normalizer`, if not null, receives log(sum(exp(x))) of each row.
  void (*softmax)(const float* x, float* y, int64_t rows, int64_t columns, float* normalizer);

  // Batch normalisation. z = (x - center) scale + shift per column; with relu, y = max(z, 0) and g = dy [z > 0], else g
  // = dy.
  void (*block_moments)(const float* x, int64_t rows, int64_t columns, double* mean,
                        double* squares);  // sum (x - mean)^2
  void (*norm_forward)(const float* x, int64_t rows, int64_t columns, const float* center, const float* scale,
                       const float* shift, bool relu, float* y);
  void (*norm_sums)(const float* x, const float* dy, int64_t rows, int64_t columns, const float* center,
                    const float* scale, const float* shift, bool relu, double* sum_g,
                    double* sum_gx);  // sum g, sum g (x - center)
  void (*norm_backward)(const float* x, const float* dy, int64_t rows, int64_t columns, const float* center,
                        const float* scale, const float* shift, bool relu, const float* b, const float* c,
                        float* dx);  // scale g + b (x - center) + c

  // Local response normalisation over rows of `channels`; factor = alpha / size; size <= 63.
  void (*lrn_forward)(const float* x, int64_t rows, int64_t channels, int64_t size, float factor, float beta, float k,
                      float* y);
  void (*lrn_backward)(const float* x, const float* dy, int64_t rows, int64_t channels, int64_t size, float factor,
                       float beta, float k, float* dx);

  // Pooling of one row of windows. x, dx: the first row inside the image. dx is assigned, or added to if accumulate.
  void (*max_pool_row)(const PoolRow& row, const float* x, float* y, uint16_t* winner);  // winner may be null
  void (*max_pool_row_backward)(const PoolRow& row, const float* dy, const uint16_t* winner, bool accumulate,
                                float* dx);
  void (*average_pool_row)(const PoolRow& row, const float* x, const float* inverse,
                           float* y);  // inverse: 1/cells per window
  void (*average_pool_row_backward)(const PoolRow& row, const float* dy, const float* inverse, float* dx);  // adds

  // Gradient of a convolution's image, one row (kernels/image_gradient.h):
  // sums[t step + x stride] += products[t product_stride + x] for t < taps, x < width.
  void (*spread_row)(const float* products, int64_t product_stride, int64_t taps, int64_t step, int64_t stride,
                     int64_t width, float* sums);
  // y[x,c] = planes[c plane_stride + x]
  void (*interleave)(const float* planes, int64_t plane_stride, int64_t channels, int64_t width, float* y);

  // Parameter updates, see optimizer_kernels.h.
  void (*sgd)(float* weight, const float* gradient, float* velocity, int64_t n, const OptimizerStep& step);
  void (*adam)(float* weight, const float* gradient, float* first, float* second, int64_t n, const OptimizerStep& step);
  void (*rmsprop)(float* weight, const float* gradient, float* square, float* velocity, int64_t n,
                  const OptimizerStep& step);

  // y_i = draw(i) >= rate ? x_i scale : 0, for i in [0, n) of a stream that begins at block `first_block`.
  void (*dropout)(const PhiloxStream& stream, uint32_t first_block, float rate, float scale, const float* x, float* y,
                  int64_t n);
  // Packed products. a: k groups of panel_rows values; b: k groups of kPanelColumns. c [rows, columns] with `stride`.
  int panel_rows;
  void (*panel_product)(const float* a, const float* b, int64_t k, float* c, int64_t stride, int64_t rows,
                        int64_t columns, bool accumulate);
  void (*pack_rows)(const float* a, int64_t row_step, int64_t column_step, int64_t rows, int64_t k, float* packed);
  void (*pack_columns)(const float* b, int64_t row_step, int64_t column_step, int64_t k, int64_t columns,
                       float* packed);

  // Additive attention over one image, see attention.h: exp_p = exp(2p) [places, units], exp_q = exp(2q) [units].
  void (*exp_twice)(const float* x, float* y, int64_t n);  // exp(2x)
  float (*largest_size)(const float* x, int64_t n);        // max |x|
  void (*attention_scores)(const float* exp_p, const float* exp_q, const float* v, int64_t places, int64_t units,
                           float* scores);  // sum_k v tanh(p + q)
  void (*attention_scores_backward)(const float* exp_p, const float* exp_q, const float* dscores, int64_t places,
                                    int64_t units, float* sum_slope,
                                    float* sum_tanh);  // += sum_l de (1 - tanh^2) / 4, += sum_l de tanh
  void (*attention_place_backward)(const float* exp_p, const float* exp_q, float de, int64_t units,
                                   float* sum_slope);  // the same for one place
  void (*weighted_rows)(const float* rows, const float* weights, int64_t count, int64_t width, float* sum);
  void (*row_dots)(const float* rows, const float* x, int64_t count, int64_t width, float* dots);

  // One LSTM step of one row: gates [4n] = pre-activations of input, forget, output, candidate; then their values; then
  // the gradient of the pre-activations. dc: gradient of c, then of c_before.
  void (*lstm_forward)(float* gates, const float* c_before, int64_t n, float* c, float* h);
  void (*lstm_backward)(float* gates, const float* c_before, const float* c, const float* dh, int64_t n, float* dc);

  // Transforms of fft_lanes complex planes at once, and products of their spectra along columns; see isa/fft.cc.
  int fft_lanes;
  void (*fft_line)(const FftPlan& plan, bool inverse, const float* in, int64_t in_step, int64_t filled, float* out,
                   int64_t out_step, int64_t kept, float* scratch);
  void (*spectrum_product)(const float* k, bool conjugate, bool reversed, const float* z, bool accumulate, float* out,
                           int64_t n);
  void (*spectrum_split)(const float* z, const float* mirror, float* first, float* second, int64_t n);
  void (*spectrum_join)(const float* first, const float* first_mirror, const float* second, const float* second_mirror,
                        float* out, int64_t n);

  // Spatial model, see isa/spatial.cc.
  void (*softplus)(const float* x, float beta, float* y, int64_t n);
  void (*softplus_backward)(const float* x, float beta, float* dy, int64_t n);  // dy *= sigmoid(beta x)
  void (*spatial_messages)(const float* m, float scale, const float* c, float* t, int64_t points);
  void (*spatial_products)(const float* t, int64_t points, int64_t groups, int64_t width, double* products);
  void (*spatial_slopes)(const float* numerator, const float* t, int64_t points, int64_t groups, int64_t width,
                         float* slopes, double* sums);

  // (x - mean) inv_std for interleaved channels.
  void (*normalize)(const uint8_t* x, float* y, int64_t pixels, int64_t channels, const float* mean,
                    const float* inv_std);
};

const KernelTable& kernel_table();

}  // namespace fovea::kernels
