#include "autograd/ops/spatial.h"

#include <cmath>

#include "autograd/ops/check.h"
#include "base/error.h"
#include "tensor/kernels/dispatch.h"
#include "tensor/kernels/spatial.h"

namespace fovea::ops {
namespace {

constexpr double kMaxLog = 60;

kernels::SpatialGeometry geometry(const Var& evidence, const Var& kernel, const Var& bias,
                                  const SpatialConfig& config) {
  const Shape &e = evidence.shape(), &k = kernel.shape(), &b = bias.shape();
  const bool kernel_fits = e.rank() == 4 && k.rank() == 4 && k[1] == e[3] && k[2] == k[3] && k[2] % 2 == 1;
  detail::require_fit(kernel_fits && e[1] > 0 && e[2] > 0 && e[3] > 0 && k[0] > 0, "spatial_model", e, k);
  detail::require_fit(b.rank() == 2 && b[0] == k[0] && b[1] == k[1], "spatial_model: bias", b, k);
  FOVEA_CHECK(config.beta > 0 && config.eps > 0, "spatial_model: beta or eps not positive");
  FOVEA_CHECK(config.edges.empty() || static_cast<int64_t>(config.edges.size()) == k[0] * k[1],
              "spatial_model: {} edges for {}", config.edges.size(), k.text());
  return {e[0], e[1], e[2], e[3], k[0], (k[2] - 1) / 2, config.beta, config.eps, config.edges};
}

void check_outputs(const Tensor& y, int64_t outputs) {
  const double limit = std::exp(kMaxLog);
  kernels::by_type(y.dtype(), [&]<typename T>() {
    const T* values = y.data<T>();
    for (int64_t i = 0; i < y.count(); ++i) {
      if (!(static_cast<double>(values[i]) <= limit))
        fail(ErrorKind::kDiverged, "spatial model: output {}: the sum of logarithms exceeds {}", i % outputs, kMaxLog);
    }
  });
}

}  // namespace

// With P = softplus(k), c = softplus(b), q = max(e, eps) and the messages t_v = P_v * q_v + c_v (a convolution):
//   y = prod_v t_v                                     the exponential of the sum of logarithms
// For an upstream gradient G, the slope of message v is gt_v = G y / t_v, and
//   db_v = sigmoid(beta b_v) sum_x gt_v(x)
//   dk_v[d] = sigmoid(beta k_v[d]) sum_x gt_v(x) q_v(x - d)
//   de_v(z) = [e_v(z) > eps] sum_A sum_d gt_{A,v}(z + d) P_{A,v}[d]
// The last two are correlations; all three sums over cells are products of spectra in the fast form, where the sums
// over A and over images are taken before the inverse transform.
Var spatial_model(const Var& evidence, const Var& kernel, const Var& bias, const SpatialConfig& config) {
  const kernels::SpatialGeometry g = geometry(evidence, kernel, bias, config);
  // Measured with 4 and 14 joints, 24x36 and 60x90 maps: the fast form wins from 1x1 kernels (1.6 to 3.5 times) on.
  const bool fft = kernels::is_fast(evidence.dtype()) && config.form != SpatialForm::kDirect;
  kernels::SpatialState state;
  const bool keep = recording({&evidence, &kernel, &bias});
  const Tensor y =
      kernels::spatial_forward(g, fft, evidence.value(), kernel.value(), bias.value(), keep ? &state : nullptr);
  check_outputs(y, g.outputs);
  return record("spatial_model", y, {evidence, kernel, bias}, [=](const Tensor& dy) {
    const kernels::SpatialWanted wanted{evidence.needs_grad(), kernel.needs_grad(), bias.needs_grad()};
    auto gradients =
        kernels::spatial_backward(g, fft, evidence.value(), kernel.value(), bias.value(), y, dy, state, wanted);
    if (wanted.evidence) evidence.add_grad(std::move(gradients.evidence));
    if (wanted.kernel) kernel.add_grad(std::move(gradients.kernel));
    if (wanted.bias) bias.add_grad(std::move(gradients.bias));
  });
}

}  // namespace fovea::ops
