// What every use of oneDNN here shares: one CPU engine, a stream and scratch memory per thread, weights packed once.
// oneDNN runs serially on one piece of the work at a time (base/parallel.h). Included by kernels/*.cc only.
#pragma once

#include <cstdint>
#include <dnnl.hpp>
#include <memory>

#include "tensor/tensor.h"

namespace fovea::kernels {

dnnl::engine& cpu_engine();
dnnl::stream& thread_stream();

// Memory of the calling thread, kept between calls. The contents are not.
enum class ScratchSlot { kPrimitive, kSource, kDestination, kWeights };
void* thread_scratch(ScratchSlot slot, int64_t bytes);

// Identifies a layout, for Tensor::derived().
uint64_t layout_key(const dnnl::memory::desc& layout);

// `weight`, which is stored as `plain`, in the layout `packed`: the tensor's own memory if the two are equal, else a
// copy that lives with the tensor. The returned owner must be kept while the pointer is in use.
struct PackedWeights {
  const void* data = nullptr;
  std::shared_ptr<const ArenaBlock> owner;
};
PackedWeights pack_weights(const Tensor& weight, const dnnl::memory::desc& plain, const dnnl::memory::desc& packed);

// Copies between layouts and types, on the calling thread.
void reorder(const dnnl::memory::desc& from_layout, const void* from, const dnnl::memory::desc& to_layout, void* to);

dnnl::memory wrap(const dnnl::memory::desc& layout, const void* data);

}  // namespace fovea::kernels
