#include "tensor/kernels/dnnl_support.h"

#include <array>
#include <cstring>

#include "tensor/kernels/dispatch.h"

namespace fovea::kernels {

dnnl::engine& cpu_engine() {
  static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::stream& thread_stream() {
  thread_local dnnl::stream stream(cpu_engine());
  return stream;
}

void* thread_scratch(ScratchSlot slot, int64_t bytes) {
  thread_local std::array<std::unique_ptr<ArenaBlock>, 4> blocks;
  auto& block = blocks[static_cast<size_t>(slot)];
  if (block == nullptr || block->capacity < bytes) {
    block.reset();
    block = std::make_unique<ArenaBlock>((bytes + 63) / 64 * 64);
  }
  return block->data;
}

// FNV-1a over the descriptor, a plain structure that oneDNN zeroes before it fills it.
uint64_t layout_key(const dnnl::memory::desc& layout) {
  uint64_t hash = 14695981039346656037ULL;
  const auto* bytes = reinterpret_cast<const unsigned char*>(&layout.data);
  for (size_t i = 0; i < sizeof layout.data; ++i) hash = (hash ^ bytes[i]) * 1099511628211ULL;
  return hash;
}

dnnl::memory wrap(const dnnl::memory::desc& layout, const void* data) {
  return dnnl::memory(layout, cpu_engine(), const_cast<void*>(data));
}

void reorder(const dnnl::memory::desc& from_layout, const void* from, const dnnl::memory::desc& to_layout, void* to) {
  dnnl::memory source = wrap(from_layout, from), target = wrap(to_layout, to);
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  const dnnl::reorder::primitive_desc description(source, target, attributes);
  const auto scratch = description.scratchpad_desc();
  std::unordered_map<int, dnnl::memory> arguments{{DNNL_ARG_FROM, source}, {DNNL_ARG_TO, target}};
  if (scratch.get_size() > 0) {
    arguments.emplace(DNNL_ARG_SCRATCHPAD,
                      wrap(scratch, thread_scratch(ScratchSlot::kPrimitive, static_cast<int64_t>(scratch.get_size()))));
  }
  dnnl::reorder(description).execute(thread_stream(), arguments);
}

PackedWeights pack_weights(const Tensor& weight, const dnnl::memory::desc& plain, const dnnl::memory::desc& packed) {
  if (plain == packed) return {weight.raw(), nullptr};
  const auto owner = weight.derived(layout_key(packed), [&] {
    auto block = std::make_shared<ArenaBlock>(static_cast<int64_t>(packed.get_size()));
    reorder(plain, weight.raw(), packed, block->data);
    return block;
  });
  return {owner->data, owner};
}

}  // namespace fovea::kernels
