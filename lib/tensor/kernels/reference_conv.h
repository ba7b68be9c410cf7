// Reference convolution: the definition, term by term. One visitor serves all three directions.
#pragma once

#include <cstdint>
#include <vector>

#include "tensor/kernels/conv_geometry.h"

namespace fovea::kernels::reference {

// Calls visit(x offset, w offset, y offset) for each product x[n,iy,ix,ci] W[co,ci,ky,kx] that is part of
// y[n,oy,ox,co].
template <typename Visit>
void for_each_product(const ConvGeometry& s, int64_t image, Visit&& visit) {
  const int64_t group_in = s.c / s.groups, group_out = s.o / s.groups;
  for (int64_t oy = 0; oy < s.oh; ++oy) {
    for (int64_t ky = 0; ky < s.kh; ++ky) {
      const int64_t iy = oy * s.stride_y - s.pad_top + ky * s.dilation_y;
      if (iy < 0 || iy >= s.h) continue;
      for (int64_t ox = 0; ox < s.ow; ++ox) {
        for (int64_t kx = 0; kx < s.kw; ++kx) {
          const int64_t ix = ox * s.stride_x - s.pad_left + kx * s.dilation_x;
          if (ix < 0 || ix >= s.w) continue;
          const int64_t pixel = ((image * s.h + iy) * s.w + ix) * s.c;
          const int64_t out = ((image * s.oh + oy) * s.ow + ox) * s.o;
          for (int64_t co = 0; co < s.o; ++co) {
            const int64_t first = co / group_out * group_in;
            for (int64_t ci = 0; ci < group_in; ++ci) {
              visit(pixel + first + ci, ((co * group_in + ci) * s.kh + ky) * s.kw + kx, out + co);
            }
          }
        }
      }
    }
  }
}

template <typename T>
void conv_forward(const ConvGeometry& s, const T* x, const T* weight, const T* bias, bool relu, T* y) {
  const int64_t image = s.oh * s.ow * s.o;
  std::vector<double> sums(static_cast<size_t>(image));
  for (int64_t n = 0; n < s.n; ++n) {
    for (int64_t i = 0; i < image; ++i)
      sums[static_cast<size_t>(i)] = bias == nullptr ? 0.0 : static_cast<double>(bias[i % s.o]);
    for_each_product(s, n, [&](int64_t xi, int64_t wi, int64_t yi) {
      sums[static_cast<size_t>(yi - n * image)] += static_cast<double>(x[xi]) * static_cast<double>(weight[wi]);
    });
    for (int64_t i = 0; i < image; ++i) {
      const double sum = sums[static_cast<size_t>(i)];
      y[n * image + i] = static_cast<T>(relu && sum < 0 ? 0.0 : sum);
    }
  }
}

template <typename T>
void conv_backward_data(const ConvGeometry& s, const T* dy, const T* weight, T* dx) {
  const int64_t image = s.h * s.w * s.c;
  std::vector<double> sums(static_cast<size_t>(image));
  for (int64_t n = 0; n < s.n; ++n) {
    sums.assign(sums.size(), 0.0);
    for_each_product(s, n, [&](int64_t xi, int64_t wi, int64_t yi) {
      sums[static_cast<size_t>(xi - n * image)] += static_cast<double>(dy[yi]) * static_cast<double>(weight[wi]);
    });
    for (int64_t i = 0; i < image; ++i) dx[n * image + i] = static_cast<T>(sums[static_cast<size_t>(i)]);
  }
}

template <typename T>
void conv_backward_weights(const ConvGeometry& s, const T* x, const T* dy, T* dw) {
  std::vector<double> sums(static_cast<size_t>(s.o * (s.c / s.groups) * s.kh * s.kw), 0.0);
  for (int64_t n = 0; n < s.n; ++n) {
    for_each_product(s, n, [&](int64_t xi, int64_t wi, int64_t yi) {
      sums[static_cast<size_t>(wi)] += static_cast<double>(x[xi]) * static_cast<double>(dy[yi]);
    });
  }
  for (size_t i = 0; i < sums.size(); ++i) dw[i] = static_cast<T>(sums[i]);
}

}  // namespace fovea::kernels::reference
