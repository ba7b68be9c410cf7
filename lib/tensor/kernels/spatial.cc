#include "tensor/kernels/spatial.h"

#include "base/error.h"
#include "base/parallel.h"
#include "tensor/kernels/dispatch.h"
#include "tensor/kernels/reference_spatial.h"

namespace fovea::kernels {
namespace {

template <typename T>
Tensor forward_direct(const SpatialGeometry& g, const Tensor& evidence, const Tensor& kernel, const Tensor& bias,
                      SpatialState* state) {
  Tensor out = Tensor::empty({g.n, g.h, g.w, g.outputs}, evidence.dtype());
  const int64_t cells = g.h * g.w;
  if (state != nullptr) state->messages = Tensor::empty({g.n, g.outputs, g.parts, cells}, DType::kF64);
  T* y = out.data<T>();
  double* kept = state != nullptr ? state->messages.data<double>() : nullptr;
  parallel_tasks(g.n * g.outputs, [&](int64_t task) {
    const int64_t image = task / g.outputs, a = task % g.outputs;
    std::vector<double> own;
    if (kept == nullptr) own.resize(static_cast<size_t>(g.parts * cells));
    double* t = kept != nullptr ? kept + task * g.parts * cells : own.data();
    reference::spatial_output(g, reference::clamped_maps(g, evidence.data<T>(), image), kernel.data<T>(),
                              bias.data<T>(), image, a, t, y);
  });
  return out;
}

// gt = dy y / t of one image, output and part.
template <typename T>
void slopes(const SpatialGeometry& g, const Tensor& y, const Tensor& dy, const double* t, int64_t image, int64_t a,
            double* gt) {
  const int64_t cells = g.h * g.w;
  for (int64_t i = 0; i < cells; ++i) {
    const int64_t at = (image * cells + i) * g.outputs + a;
    gt[i] = static_cast<double>(dy.data<T>()[at]) * static_cast<double>(y.data<T>()[at]) / t[i];
  }
}

template <typename T>
void evidence_direct(const SpatialGeometry& g, const Tensor& evidence, const Tensor& kernel, const Tensor& y,
                     const Tensor& dy, const Tensor& messages, Tensor& de) {
  const int64_t cells = g.h * g.w, k = 2 * g.radius + 1;
  T* out = de.data<T>();
  parallel_tasks(g.n * g.parts, [&](int64_t task) {
    const int64_t image = task / g.parts, v = task % g.parts;
    std::vector<double> sum(static_cast<size_t>(cells)), gt(static_cast<size_t>(cells));
    for (int64_t a = 0; a < g.outputs; ++a) {
      if (!g.has_edge(a, v)) continue;
      slopes<T>(g, y, dy, messages.data<double>() + ((image * g.outputs + a) * g.parts + v) * cells, image, a,
                gt.data());
      const auto p = reference::positive_kernel(g, kernel.data<T>(), a, v);
      reference::for_each_displacement(g, [&](int64_t ky, int64_t kx, int64_t row, int64_t first, int64_t last) {
        const double factor = p[static_cast<size_t>((ky + g.radius) * k + kx + g.radius)];
        double* to = sum.data() + (row - ky) * g.w - kx;
        for (int64_t x = first; x < last; ++x) to[x] += factor * gt[static_cast<size_t>(row * g.w + x)];
      });
    }
    for (int64_t i = 0; i < cells; ++i) {
      const int64_t at = (image * cells + i) * g.parts + v;
      out[at] =
          static_cast<double>(evidence.data<T>()[at]) > g.eps ? static_cast<T>(sum[static_cast<size_t>(i)]) : T{0};
    }
  });
}

template <typename T>
void kernels_direct(const SpatialGeometry& g, const Tensor& evidence, const Tensor& kernel, const Tensor& bias,
                    const Tensor& y, const Tensor& dy, const Tensor& messages, Tensor& dk, Tensor& db) {
  const int64_t cells = g.h * g.w, k = 2 * g.radius + 1;
  T* out = dk.data<T>();
  T* background = db.data<T>();
  parallel_tasks(g.outputs * g.parts, [&](int64_t pair) {
    const int64_t a = pair / g.parts, v = pair % g.parts;
    std::vector<double> sum(static_cast<size_t>(k * k)), gt(static_cast<size_t>(cells));
    double total = 0;
    for (int64_t image = 0; g.has_edge(a, v) && image < g.n; ++image) {
      slopes<T>(g, y, dy, messages.data<double>() + ((image * g.outputs + a) * g.parts + v) * cells, image, a,
                gt.data());
      const auto q = reference::clamped_maps(g, evidence.data<T>(), image);
      for (const double value : gt) total += value;
      reference::for_each_displacement(g, [&](int64_t ky, int64_t kx, int64_t row, int64_t first, int64_t last) {
        const double* from = q.data() + v * cells + (row - ky) * g.w - kx;
        double dot = 0;
        for (int64_t x = first; x < last; ++x) dot += gt[static_cast<size_t>(row * g.w + x)] * from[x];
        sum[static_cast<size_t>((ky + g.radius) * k + kx + g.radius)] += dot;
      });
    }
    for (int64_t i = 0; i < k * k; ++i) {
      const double energy = static_cast<double>(kernel.data<T>()[pair * k * k + i]);
      out[pair * k * k + i] = static_cast<T>(sum[static_cast<size_t>(i)] * reference::sigmoid_of(g.beta * energy));
    }
    background[pair] =
        static_cast<T>(total * reference::sigmoid_of(g.beta * static_cast<double>(bias.data<T>()[pair])));
  });
}

template <typename T>
SpatialGradients backward_direct(const SpatialGeometry& g, const Tensor& evidence, const Tensor& kernel,
                                 const Tensor& bias, const Tensor& y, const Tensor& dy, const SpatialState& state,
                                 SpatialWanted wanted) {
  SpatialGradients out;
  if (wanted.evidence) {
    out.evidence = Tensor::empty(evidence.shape(), evidence.dtype());
    evidence_direct<T>(g, evidence, kernel, y, dy, state.messages, out.evidence);
  }
  if (wanted.kernel || wanted.bias) {
    out.kernel = Tensor::empty(kernel.shape(), kernel.dtype());
    out.bias = Tensor::empty(bias.shape(), bias.dtype());
    kernels_direct<T>(g, evidence, kernel, bias, y, dy, state.messages, out.kernel, out.bias);
  }
  return out;
}

}  // namespace

Tensor spatial_forward(const SpatialGeometry& g, bool fft, const Tensor& evidence, const Tensor& kernel,
                       const Tensor& bias, SpatialState* state) {
  if (fft) return detail::spatial_forward_fft(g, evidence, kernel, bias, state);
  return by_type(evidence.dtype(), [&]<typename T>() { return forward_direct<T>(g, evidence, kernel, bias, state); });
}

SpatialGradients spatial_backward(const SpatialGeometry& g, bool fft, const Tensor& evidence, const Tensor& kernel,
                                  const Tensor& bias, const Tensor& y, const Tensor& dy, const SpatialState& state,
                                  SpatialWanted wanted) {
  if (fft) return detail::spatial_backward_fft(g, evidence, kernel, bias, y, dy, state, wanted);
  return by_type(evidence.dtype(),
                 [&]<typename T>() { return backward_direct<T>(g, evidence, kernel, bias, y, dy, state, wanted); });
}

}  // namespace fovea::kernels
