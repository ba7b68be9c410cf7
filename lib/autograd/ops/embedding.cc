#include "autograd/ops/embedding.h"

#include <vector>

#include "autograd/ops/check.h"
#include "tensor/kernels/dispatch.h"

namespace fovea::ops {

Var embedding(const Var& table, std::span<const int32_t> ids) {
  detail::require_rank(table.shape().rank() == 2, "embedding", table.shape(), "[V,m]");
  const int64_t words = table.extent(0), width = table.extent(1), rows = static_cast<int64_t>(ids.size());
  for (const int32_t id : ids) {
    if (id < -1 || id >= words) fail(ErrorKind::kData, "embedding: expected an id in -1..{}, found {}", words - 1, id);
  }
  Tensor y = Tensor::zeros({rows, width}, table.dtype());
  kernels::by_type(table.dtype(), [&]<typename T>() {
    const T* from = table.value().data<T>();
    T* to = y.data<T>();
    for (size_t r = 0; r < ids.size(); ++r, to += width) {
      if (ids[r] >= 0) std::copy(from + ids[r] * width, from + (ids[r] + 1) * width, to);
    }
  });
  const std::vector<int32_t> kept(ids.begin(), ids.end());
  return record("embedding", std::move(y), {table}, [table, kept, width](const Tensor& dy) {
    Tensor de = Tensor::zeros(table.shape(), table.dtype());
    kernels::by_type(table.dtype(), [&]<typename T>() {
      const T* from = dy.data<T>();
      T* to = de.data<T>();
      for (const int32_t id : kept) {
        for (int64_t j = 0; id >= 0 && j < width; ++j) to[id * width + j] += from[j];
        from += width;
      }
    });
    table.add_grad(std::move(de));
  });
}

}  // namespace fovea::ops
