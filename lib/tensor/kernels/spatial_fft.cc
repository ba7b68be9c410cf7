// The forward pass of the fast spatial model.
#include "tensor/kernels/spatial_fft.h"

#include <cmath>
#include <cstring>

#include "base/hash.h"
#include "base/parallel.h"
#include "tensor/kernels/reference_spatial.h"

namespace fovea::kernels::detail {
namespace {

// Row y of the clamped maps of an image pair, every group holding the same parts.
void load_evidence_row(const SpatialLayout& l, const float* e, int64_t pair, int64_t chunk, int64_t y, float* line) {
  const SpatialGeometry& g = l.g;
  const auto eps = static_cast<float>(g.eps);
  std::memset(line, 0, static_cast<size_t>(g.w * l.point) * sizeof(float));
  for (int64_t image = 2 * pair; image < std::min(g.n, 2 * pair + 2); ++image) {
    const float* row = e + (image * g.h + y) * g.w * g.parts + chunk * l.lanes;
    const int64_t present = std::min(l.width, g.parts - chunk * l.lanes);
    for (int64_t x = 0; x < g.w; ++x) {
      float* lanes = line + x * l.point + (image % 2) * l.lanes;
      for (int64_t group = 0; group < l.groups; ++group) {
        for (int64_t i = 0; i < present; ++i) lanes[group * l.width + i] = std::max(row[x * g.parts + i], eps);
      }
    }
  }
}

// Spectra of the maps: [pairs, chunks, lx, ly] points.
Tensor transform_evidence(const SpatialLayout& l, const Tensor& evidence) {
  const int64_t plane = l.lx * l.ly * l.point;
  Tensor out = floats(l.pairs * l.chunks * plane);
  float* spectra = out.data<float>();
  const float* e = evidence.data<float>();
  parallel_tasks(l.pairs * l.chunks, [&](int64_t task) {
    Tensor line = floats(l.g.w * l.point), scratch = floats(l.scratch);
    float *row = line.data<float>(), *work = scratch.data<float>(), *target = spectra + task * plane;
    for (int64_t y = 0; y < l.g.h; ++y) {
      load_evidence_row(l, e, task / l.chunks, task % l.chunks, y, row);
      l.table.fft_line(l.along_x, false, row, l.point, l.g.w, target + y * l.point, l.ly * l.point, l.lx, work);
    }
    for (int64_t x = 0; x < l.lx; ++x) {
      float* column = target + x * l.ly * l.point;
      l.table.fft_line(l.along_y, false, column, l.point, l.g.h, column, l.point, l.ly, work);
    }
  });
  return out;
}

// The positive kernels of two blocks as a + i b, centre at the origin, negative displacements at the far end.
void load_kernels(const SpatialLayout& l, const float* kernel, int64_t first_block, int64_t chunk, float* planes,
                  float* line, float* work) {
  const int64_t k = 2 * l.g.radius + 1, span = 2 * l.rx + 1;
  std::vector<float> row(static_cast<size_t>(span));
  for (int64_t dy = -l.ry; dy <= l.ry; ++dy) {
    std::memset(line, 0, static_cast<size_t>(l.lx * l.point) * sizeof(float));
    for (int64_t part = 0; part < 2 && first_block + part < l.blocks; ++part) {
      l.for_each_lane(first_block + part, chunk, [&](int64_t lane, int64_t a, int64_t v) {
        const float* energies = kernel + ((a * l.g.parts + v) * k + dy + l.g.radius) * k + l.g.radius - l.rx;
        l.table.softplus(energies, static_cast<float>(l.g.beta), row.data(), span);
        float* to = line + part * l.lanes + lane;
        for (int64_t i = 0; i < span; ++i) {
          const int64_t dx = i - l.rx;
          to[(dx < 0 ? dx + l.lx : dx) * l.point] = row[static_cast<size_t>(i)];
        }
      });
    }
    const int64_t y = dy < 0 ? dy + l.ly : dy;
    l.table.fft_line(l.along_x, false, line, l.point, l.lx, planes + y * l.point, l.ly * l.point, l.lx, work);
  }
  const int64_t gap = l.ly - 2 * l.ry - 1;
  for (int64_t x = 0; x < l.lx && gap > 0; ++x) {
    std::memset(planes + (x * l.ly + l.ry + 1) * l.point, 0, static_cast<size_t>(gap * l.point) * sizeof(float));
  }
}

// Spectra of the kernels: [blocks, chunks, half, ly] points.
void transform_kernels(const SpatialLayout& l, const float* kernel, float* spectra) {
  const int64_t column = l.ly * l.point;
  parallel_tasks((l.blocks + 1) / 2 * l.chunks, [&](int64_t task) {
    const int64_t first = task / l.chunks * 2, chunk = task % l.chunks;
    Tensor planes = floats(l.lx * column), line = floats(l.lx * l.point), scratch = floats(l.scratch),
           unused = floats(column);
    float *z = planes.data<float>(), *work = scratch.data<float>();
    load_kernels(l, kernel, first, chunk, z, line.data<float>(), work);
    for (int64_t x = 0; x < l.lx; ++x)
      l.table.fft_line(l.along_y, false, z + x * column, l.point, l.ly, z + x * column, l.point, l.ly, work);
    const auto target = [&](int64_t block, int64_t x) {
      return block < l.blocks ? spectra + ((block * l.chunks + chunk) * l.half + x) * column : unused.data<float>();
    };
    for (int64_t x = 0; x < l.half; ++x)
      l.table.spectrum_split(z + x * column, z + l.mirrored(x) * column, target(first, x), target(first + 1, x), l.ly);
  });
}

// Kept with the kernel's storage until it changes, so that backward, and every picture of a prediction, find it.
std::shared_ptr<const ArenaBlock> kernel_spectra(const SpatialLayout& l, const Tensor& kernel) {
  ContentHash hash;
  hash.update(fmt::format("spatial {} {} {} {}", l.g.h, l.g.w, l.g.beta, l.lanes));
  hash.update(std::as_bytes(std::span(l.g.edges)));
  const uint64_t key = std::stoull(hash.hex().substr(0, 16), nullptr, 16);
  return kernel.derived(key, [&] {
    const int64_t count = l.blocks * l.chunks * l.half * l.ly * l.point;
    auto block = std::make_shared<ArenaBlock>(count * static_cast<int64_t>(sizeof(float)));
    transform_kernels(l, kernel.data<float>(), static_cast<float*>(block->data));
    return std::shared_ptr<const ArenaBlock>(block);
  });
}

// softplus(b) of a block's lanes; 1 where there is no pair, so that the product does not see it.
std::vector<float> backgrounds(const SpatialLayout& l, const float* bias, int64_t block, int64_t chunk) {
  std::vector<float> c(static_cast<size_t>(l.lanes), 1.0F);
  l.for_each_lane(block, chunk, [&](int64_t lane, int64_t a, int64_t v) {
    const double b = static_cast<double>(bias[a * l.g.parts + v]);
    c[static_cast<size_t>(lane)] = static_cast<float>(std::max(reference::softplus(b, l.g.beta), 1e-12));
  });
  return c;
}

// The messages of one block to one image pair: products of spectra, back along y (rows of the map only), back along x.
// Messages go to t [h,w] points; products [h,w,2,groups] are multiplied by them.
void block_messages(const SpatialLayout& l, const float* q, const float* k, const float* c, float* work, float* t,
                    double* products) {
  Tensor column = floats(l.ly * l.point), line = floats(l.g.w * l.point), scratch = floats(l.scratch);
  float *spectrum = column.data<float>(), *row = line.data<float>(), *aside = scratch.data<float>();
  for (int64_t x = 0; x < l.lx; ++x) {
    const KernelColumn from = kernel_column(l, k, x);
    l.table.spectrum_product(from.at, from.mirrored, from.mirrored, q + x * l.ly * l.point, false, spectrum, l.ly);
    l.table.fft_line(l.along_y, true, spectrum, l.point, l.ly, work + x * l.g.h * l.point, l.point, l.g.h, aside);
  }
  for (int64_t y = 0; y < l.g.h; ++y) {
    l.table.fft_line(l.along_x, true, work + y * l.point, l.g.h * l.point, l.lx, row, l.point, l.g.w, aside);
    l.table.spatial_messages(row, l.scale(), c, t + y * l.g.w * l.point, l.g.w);
    l.table.spatial_products(t + y * l.g.w * l.point, l.g.w, l.groups, l.width, products + y * l.g.w * 2 * l.groups);
  }
}

void store_outputs(const SpatialLayout& l, const double* products, int64_t block, int64_t pair, float* out) {
  for (int64_t image = 2 * pair; image < std::min(l.g.n, 2 * pair + 2); ++image) {
    for (int64_t i = 0; i < l.g.h * l.g.w; ++i) {
      for (int64_t group = 0; group < l.groups && block * l.groups + group < l.g.outputs; ++group) {
        const double value = products[(2 * i + image % 2) * l.groups + group];
        out[(image * l.g.h * l.g.w + i) * l.g.outputs + block * l.groups + group] = static_cast<float>(value);
      }
    }
  }
}

}  // namespace

Tensor spatial_forward_fft(const SpatialGeometry& geometry, const Tensor& evidence, const Tensor& kernel,
                           const Tensor& bias, SpatialState* state) {
  const SpatialLayout l(geometry);
  const int64_t cells = l.g.h * l.g.w, plane = l.lx * l.ly * l.point;
  const Tensor evidence_planes = transform_evidence(l, evidence);
  const auto kernel_planes = kernel_spectra(l, kernel);
  const auto* k = static_cast<const float*>(kernel_planes->data);
  const float* q = evidence_planes.data<float>();
  Tensor out = Tensor::empty({l.g.n, l.g.h, l.g.w, l.g.outputs});
  Tensor messages;
  if (state != nullptr) messages = floats(l.blocks * l.pairs * l.chunks * cells * l.point);
  float *y = out.data<float>(), *kept = state != nullptr ? messages.data<float>() : nullptr;
  const float* b = bias.data<float>();
  parallel_tasks(l.blocks * l.pairs, [&](int64_t task) {
    const int64_t block = task / l.pairs, pair = task % l.pairs;
    Tensor work = floats(l.lx * l.g.h * l.point), own = kept == nullptr ? floats(cells * l.point) : Tensor();
    std::vector<double> products(static_cast<size_t>(cells * 2 * l.groups), 1.0);
    for (int64_t chunk = 0; chunk < l.chunks; ++chunk) {
      float* t = kept != nullptr ? kept + (task * l.chunks + chunk) * cells * l.point : own.data<float>();
      block_messages(l, q + (pair * l.chunks + chunk) * plane, k + (block * l.chunks + chunk) * l.half * l.ly * l.point,
                     backgrounds(l, b, block, chunk).data(), work.data<float>(), t, products.data());
    }
    store_outputs(l, products.data(), block, pair, y);
  });
  if (state != nullptr) *state = {messages, evidence_planes, kernel_planes};
  return out;
}

}  // namespace fovea::kernels::detail
