// The backward pass of the fast spatial model: slopes of the messages are transformed once; the gradients of maps and
// kernels are products with the spectra kept from the forward pass, summed over outputs and over images before they
// are transformed back.
#include <cmath>
#include <vector>

#include "base/parallel.h"
#include "tensor/kernels/reference_spatial.h"
#include "tensor/kernels/spatial_fft.h"

namespace fovea::kernels::detail {
namespace {

// dy y of a row, as spatial_slopes reads it: [w,2,groups], 0 where there is no image or output.
void load_numerators(const SpatialLayout& l, const float* y, const float* dy, int64_t block, int64_t pair, int64_t row,
                     float* numerators) {
  std::fill(numerators, numerators + l.g.w * 2 * l.groups, 0.0F);
  for (int64_t image = 2 * pair; image < std::min(l.g.n, 2 * pair + 2); ++image) {
    const int64_t start = (image * l.g.h + row) * l.g.w * l.g.outputs + block * l.groups;
    for (int64_t x = 0; x < l.g.w; ++x) {
      for (int64_t group = 0; group < l.groups && block * l.groups + group < l.g.outputs; ++group) {
        const int64_t at = start + x * l.g.outputs + group;
        numerators[(2 * x + image % 2) * l.groups + group] = y[at] * dy[at];
      }
    }
  }
}

// Slopes of the messages, transformed along x: [blocks, pairs, chunks, lx, h] points. `sums` [blocks, pairs, chunks,
// lanes]: over cells and images.
Tensor transform_slopes(const SpatialLayout& l, const Tensor& y, const Tensor& dy, const Tensor& messages,
                        std::vector<double>& sums) {
  const int64_t plane = l.lx * l.g.h * l.point;
  Tensor out = floats(l.blocks * l.pairs * l.chunks * plane);
  sums.assign(static_cast<size_t>(l.blocks * l.pairs * l.chunks * l.lanes), 0.0);
  float* rows = out.data<float>();
  parallel_tasks(l.blocks * l.pairs * l.chunks, [&](int64_t task) {
    const int64_t block = task / (l.pairs * l.chunks), pair = task / l.chunks % l.pairs;
    Tensor line = floats(l.g.w * l.point), scratch = floats(l.scratch);
    std::vector<float> numerators(static_cast<size_t>(l.g.w * 2 * l.groups));
    const float* t = messages.data<float>() + task * l.g.h * l.g.w * l.point;
    for (int64_t row = 0; row < l.g.h; ++row) {
      load_numerators(l, y.data<float>(), dy.data<float>(), block, pair, row, numerators.data());
      float* slopes = line.data<float>();
      l.table.spatial_slopes(numerators.data(), t + row * l.g.w * l.point, l.g.w, l.groups, l.width, slopes,
                             sums.data() + task * l.lanes);
      l.table.fft_line(l.along_x, false, slopes, l.point, l.g.w, rows + task * plane + row * l.point, l.g.h * l.point,
                       l.lx, scratch.data<float>());
    }
  });
  return out;
}

// One pair of mirrored columns, all blocks and images: everything between the transforms along x.
class ColumnPass {
 public:
  ColumnPass(const SpatialLayout& layout, const float* slopes, const SpatialState& state, float* evidence,
             float* kernel)
      : l(layout),
        slopes_(slopes),
        q_(state.evidence_spectra.data<float>()),
        k_(static_cast<const float*>(state.kernel_spectra->data)),
        evidence_(evidence),
        kernel_(kernel),
        column_(l.ly * l.point),
        z_(floats(column_)),
        sums_(floats(2 * l.pairs * column_)),
        correlations_(floats(4 * column_)),
        joined_(floats(column_)),
        scratch_(floats(l.scratch)) {}

  void run(int64_t x) {
    const int64_t columns[2] = {x, l.mirrored(x)};
    const int count = columns[0] == columns[1] ? 1 : 2;
    for (int64_t chunk = 0; chunk < l.chunks; ++chunk) {
      for (int64_t block = 0; block < l.blocks; ++block) {
        for (int side = 0; side < count; ++side) multiply(block, chunk, columns[side], side);
        if (kernel_ != nullptr && (block % 2 == 1 || block + 1 == l.blocks))
          finish_kernels(block, chunk, columns, count);
      }
      for (int side = 0; side < count && evidence_ != nullptr; ++side) finish_evidence(chunk, columns[side], side);
    }
  }

 private:
  float* correlation(int64_t block, int side) { return correlations_.data<float>() + (block % 2 * 2 + side) * column_; }
  float* sum(int64_t pair, int side) { return sums_.data<float>() + (2 * pair + side) * column_; }

  void multiply(int64_t block, int64_t chunk, int64_t x, int side) {
    float* z = z_.data<float>();
    const KernelColumn k = kernel_column(l, k_ + (block * l.chunks + chunk) * l.half * column_, x);
    for (int64_t pair = 0; pair < l.pairs; ++pair) {
      const float* slopes = slopes_ + (((block * l.pairs + pair) * l.chunks + chunk) * l.lx + x) * l.g.h * l.point;
      l.table.fft_line(l.along_y, false, slopes, l.point, l.g.h, z, l.point, l.ly, scratch_.data<float>());
      if (evidence_ != nullptr)
        l.table.spectrum_product(k.at, !k.mirrored, k.mirrored, z, block > 0, sum(pair, side), l.ly);
      if (kernel_ != nullptr) {
        const float* q = q_ + ((pair * l.chunks + chunk) * l.lx + x) * column_;
        l.table.spectrum_product(q, true, false, z, pair > 0, correlation(block, side), l.ly);
      }
    }
  }

  // The correlations' real parts are the sums over both images of a pair; two blocks go back as one.
  void finish_kernels(int64_t block, int64_t chunk, const int64_t* columns, int count) {
    const int64_t first = block / 2 * 2;
    const bool two = block != first;
    float* joined = joined_.data<float>();
    for (int side = 0; side < count; ++side) {
      const int other = count == 1 ? 0 : 1 - side;
      l.table.spectrum_join(correlation(first, side), correlation(first, other),
                            two ? correlation(block, side) : nullptr, two ? correlation(block, other) : nullptr, joined,
                            l.ly);
      float* target = kernel_ + ((first / 2 * l.chunks + chunk) * l.lx + columns[side]) * column_;
      l.table.fft_line(l.along_y, true, joined, l.point, l.ly, target, l.point, l.ly, scratch_.data<float>());
    }
  }

  void finish_evidence(int64_t chunk, int64_t x, int side) {
    for (int64_t pair = 0; pair < l.pairs; ++pair) {
      float* target = evidence_ + ((pair * l.chunks + chunk) * l.lx + x) * l.g.h * l.point;
      l.table.fft_line(l.along_y, true, sum(pair, side), l.point, l.ly, target, l.point, l.g.h, scratch_.data<float>());
    }
  }

  const SpatialLayout& l;
  const float *slopes_, *q_, *k_;
  float *evidence_, *kernel_;
  int64_t column_;
  Tensor z_, sums_, correlations_, joined_, scratch_;
};

// de [N,h,w,V] from [pairs, chunks, lx, h] points.
void store_evidence(const SpatialLayout& l, const float* planes, const Tensor& evidence, float* out) {
  const float* e = evidence.data<float>();
  const auto eps = static_cast<float>(l.g.eps);
  parallel_tasks(l.pairs * l.chunks * l.g.h, [&](int64_t task) {
    const int64_t row = task % l.g.h, chunk = task / l.g.h % l.chunks, pair = task / (l.g.h * l.chunks);
    Tensor line = floats(l.g.w * l.point), scratch = floats(l.scratch);
    float* values = line.data<float>();
    l.table.fft_line(l.along_x, true, planes + (pair * l.chunks + chunk) * l.lx * l.g.h * l.point + row * l.point,
                     l.g.h * l.point, l.lx, values, l.point, l.g.w, scratch.data<float>());
    const int64_t present = std::min(l.width, l.g.parts - chunk * l.lanes);
    for (int64_t image = 2 * pair; image < std::min(l.g.n, 2 * pair + 2); ++image) {
      for (int64_t x = 0; x < l.g.w; ++x) {
        const float* lanes = values + x * l.point + (image % 2) * l.lanes;
        const int64_t at = ((image * l.g.h + row) * l.g.w + x) * l.g.parts + chunk * l.lanes;
        for (int64_t i = 0; i < present; ++i) {
          float sum = 0;
          for (int64_t group = 0; group < l.groups; ++group) sum += lanes[group * l.width + i];
          out[at + i] = e[at + i] > eps ? l.scale() * sum : 0.0F;
        }
      }
    }
  });
}

// dk [A,V,k,k], zero at first, from [block pairs, chunks, lx, ly] points.
void store_kernels(const SpatialLayout& l, const float* planes, const Tensor& kernel, float* out) {
  const int64_t k = 2 * l.g.radius + 1, rows = 2 * l.ry + 1, span = 2 * l.rx + 1;
  parallel_tasks((l.blocks + 1) / 2 * l.chunks * rows, [&](int64_t task) {
    const int64_t dy = task % rows - l.ry, chunk = task / rows % l.chunks, both = task / (rows * l.chunks);
    Tensor line = floats(l.lx * l.point), scratch = floats(l.scratch);
    float* values = line.data<float>();
    l.table.fft_line(l.along_x, true,
                     planes + (both * l.chunks + chunk) * l.lx * l.ly * l.point + (dy < 0 ? dy + l.ly : dy) * l.point,
                     l.ly * l.point, l.lx, values, l.point, l.lx, scratch.data<float>());
    for (int64_t part = 0; part < 2 && 2 * both + part < l.blocks; ++part) {
      l.for_each_lane(2 * both + part, chunk, [&](int64_t lane, int64_t a, int64_t v) {
        const int64_t at = ((a * l.g.parts + v) * k + dy + l.g.radius) * k + l.g.radius - l.rx;
        const float* from = values + part * l.lanes + lane;
        for (int64_t i = 0; i < span; ++i) {
          const int64_t dx = i - l.rx;
          out[at + i] = l.scale() * from[(dx < 0 ? dx + l.lx : dx) * l.point];
        }
        l.table.softplus_backward(kernel.data<float>() + at, static_cast<float>(l.g.beta), out + at, span);
      });
    }
  });
}

Tensor bias_gradient(const SpatialLayout& l, const Tensor& bias, const std::vector<double>& sums) {
  Tensor out = Tensor::zeros(bias.shape());
  float* db = out.data<float>();
  for (int64_t block = 0; block < l.blocks; ++block) {
    for (int64_t chunk = 0; chunk < l.chunks; ++chunk) {
      l.for_each_lane(block, chunk, [&](int64_t lane, int64_t a, int64_t v) {
        double total = 0;
        for (int64_t pair = 0; pair < l.pairs; ++pair)
          total += sums[static_cast<size_t>(((block * l.pairs + pair) * l.chunks + chunk) * l.lanes + lane)];
        const double b = static_cast<double>(bias.data<float>()[a * l.g.parts + v]);
        db[a * l.g.parts + v] = static_cast<float>(total * reference::sigmoid_of(l.g.beta * b));
      });
    }
  }
  return out;
}

}  // namespace

SpatialGradients spatial_backward_fft(const SpatialGeometry& geometry, const Tensor& evidence, const Tensor& kernel,
                                      const Tensor& bias, const Tensor& y, const Tensor& dy, const SpatialState& state,
                                      SpatialWanted wanted) {
  if (geometry.n == 0)
    return {Tensor::zeros(evidence.shape()), Tensor::zeros(kernel.shape()), Tensor::zeros(bias.shape())};
  const SpatialLayout l(geometry);
  std::vector<double> sums;
  const Tensor slopes = transform_slopes(l, y, dy, state.messages, sums);
  SpatialGradients out;
  if (wanted.bias) out.bias = bias_gradient(l, bias, sums);
  if (!wanted.evidence && !wanted.kernel) return out;
  Tensor evidence_planes, kernel_planes;
  if (wanted.evidence) evidence_planes = floats(l.pairs * l.chunks * l.lx * l.g.h * l.point);
  if (wanted.kernel) kernel_planes = floats((l.blocks + 1) / 2 * l.chunks * l.lx * l.ly * l.point);
  float* e = wanted.evidence ? evidence_planes.data<float>() : nullptr;
  float* k = wanted.kernel ? kernel_planes.data<float>() : nullptr;
  const float* rows = slopes.data<float>();
  parallel_tasks(l.half, [&](int64_t x) { ColumnPass(l, rows, state, e, k).run(x); });
  if (wanted.evidence) {
    out.evidence = Tensor::empty(evidence.shape());
    store_evidence(l, e, evidence, out.evidence.data<float>());
  }
  if (wanted.kernel) {
    out.kernel = Tensor::zeros(kernel.shape());
    store_kernels(l, k, kernel, out.kernel.data<float>());
  }
  return out;
}

}  // namespace fovea::kernels::detail
