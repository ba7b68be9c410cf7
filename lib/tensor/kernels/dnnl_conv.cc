#include "tensor/kernels/dnnl_conv.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <set>
#include <unordered_map>

#include "base/cpu.h"
#include "base/parallel.h"
#include "tensor/kernels/conv_pieces.h"
#include "tensor/kernels/dispatch.h"
#include "tensor/kernels/dnnl_support.h"
#include "tensor/kernels/isa/table.h"

namespace fovea::kernels::dnnl_conv {
namespace {

using Layout = dnnl::memory::desc;
using Type = dnnl::memory::data_type;
using Tag = dnnl::memory::format_tag;
using Arguments = std::unordered_map<int, dnnl::memory>;

constexpr int64_t kMaxPieces = 32;                    // enough to share out among 16 cores
constexpr int64_t kMaxPartials = 16;                  // backward-weights: each piece has its own dW
constexpr int64_t kPartialBytes = int64_t{64} << 20;  // of all partial dW together
constexpr size_t kMaxCached = 2048;                   // primitives; images of many sizes would fill memory

struct Key {
  Pass pass;
  ConvGeometry shape;
  bool bias, relu, bf16;
  bool operator==(const Key&) const = default;
};

struct KeyHash {
  size_t operator()(const Key& key) const {
    const ConvGeometry& s = key.shape;
    uint64_t hash = static_cast<uint64_t>(key.pass) * 8 + key.bias * 4U + key.relu * 2U + key.bf16;
    for (const int64_t v : {s.n, s.h, s.w, s.c, s.oh, s.ow, s.o, s.kh, s.kw, s.stride_y, s.stride_x, s.pad_top,
                            s.pad_left, s.dilation_y, s.dilation_x, s.groups}) {
      hash = (hash ^ static_cast<uint64_t>(v)) * 0x9E3779B97F4A7C15ULL;
      hash ^= hash >> 29;
    }
    return static_cast<size_t>(hash);
  }
};

// One convolution primitive with the layouts it wants. "Plain" is ours: NHWC f32, and OIHW or GOIHW.
struct Convolution {
  dnnl::primitive primitive;
  Layout source, weights, destination, bias, scratch;
  Layout plain_source, plain_weights, plain_destination;
  std::string implementation;
};

// Blocked activations (with a reorder on each side) where oneDNN's NHWC kernels are slow: on AVX2 for wide layers, up
// to twice in backward-weights and 1.2-1.7 times forward; with AVX-512 only backward-weights of the image layer gains.
// 1x1, depthwise and narrow layers lose by the reorders. Measured on Zen 3 (AVX2) and a Xeon with AMX.
bool prefer_blocked(const Key& key) {
  const ConvGeometry& s = key.shape;
  const int64_t in = s.c / s.groups, out = s.o / s.groups;
  if (isa_level() == IsaLevel::kV4) return key.pass == Pass::kWeights && in < 16 && s.groups == 1;
  return s.kh * s.kw > 1 && in >= 32 && out >= 32 && in % 8 == 0 && out % 8 == 0;
}

struct Problem {
  dnnl::memory::dims strides, dilation, before, after;
  Layout source, weights, destination, bias;
};

Problem describe(const Key& key, Convolution& c) {
  const ConvGeometry& s = key.shape;
  const dnnl::memory::dims source{s.n, s.c, s.h, s.w}, destination{s.n, s.o, s.oh, s.ow};
  const int64_t in = s.c / s.groups, out = s.o / s.groups;
  const auto weights =
      s.groups > 1 ? dnnl::memory::dims{s.groups, out, in, s.kh, s.kw} : dnnl::memory::dims{out, in, s.kh, s.kw};
  c.plain_source = Layout(source, Type::f32, Tag::nhwc);
  c.plain_destination = Layout(destination, Type::f32, Tag::nhwc);
  c.plain_weights = Layout(weights, Type::f32, s.groups > 1 ? Tag::goihw : Tag::oihw);
  const Tag activations = !key.bf16 && prefer_blocked(key) ? Tag::any : Tag::nhwc;
  const Type type = key.bf16 ? Type::bf16 : Type::f32;
  Problem p;
  p.strides = {s.stride_y, s.stride_x};
  p.dilation = {s.dilation_y - 1, s.dilation_x - 1};
  p.before = {s.pad_top, s.pad_left};
  p.after = {s.pad_bottom, s.pad_right};
  p.source = Layout(source, type, activations);
  p.destination = Layout(destination, Type::f32, activations);
  p.weights = Layout(weights, type, Tag::any);
  if (key.bias) p.bias = Layout({s.o}, Type::f32, Tag::x);
  return p;
}

std::shared_ptr<const Convolution> create(const Key& key) {
  auto out = std::make_shared<Convolution>();
  Convolution& c = *out;
  const Problem p = describe(key, c);
  constexpr auto kDirect = dnnl::algorithm::convolution_direct;
  const auto kind = key.pass == Pass::kForward ? dnnl::prop_kind::forward_inference : dnnl::prop_kind::forward_training;
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (key.relu) {
    dnnl::post_ops post;
    post.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
    attributes.set_post_ops(post);
  }
  using Forward = dnnl::convolution_forward;
  const Forward::desc forward = key.bias ? Forward::desc(kind, kDirect, p.source, p.weights, p.bias, p.destination,
                                                         p.strides, p.dilation, p.before, p.after)
                                         : Forward::desc(kind, kDirect, p.source, p.weights, p.destination, p.strides,
                                                         p.dilation, p.before, p.after);
  const Forward::primitive_desc hint(forward, attributes, cpu_engine());
  const auto take = [&](const auto& description, const Layout& source, const Layout& weights,
                        const Layout& destination) {
    c.source = source, c.weights = weights, c.destination = destination;
    c.scratch = description.scratchpad_desc();
    c.implementation = description.impl_info_str();
  };
  if (key.pass == Pass::kForward) {
    take(hint, hint.src_desc(), hint.weights_desc(), hint.dst_desc());
    c.bias = p.bias;
    c.primitive = Forward(hint);
  } else if (key.pass == Pass::kData) {
    using Data = dnnl::convolution_backward_data;
    const Data::desc data(kDirect, p.source, p.weights, p.destination, p.strides, p.dilation, p.before, p.after);
    const Data::primitive_desc description(data, attributes, cpu_engine(), hint);
    take(description, description.diff_src_desc(), description.weights_desc(), description.diff_dst_desc());
    c.primitive = Data(description);
  } else {
    using Weights = dnnl::convolution_backward_weights;
    const Weights::desc weights(kDirect, p.source, p.weights, p.destination, p.strides, p.dilation, p.before, p.after);
    const Weights::primitive_desc description(weights, attributes, cpu_engine(), hint);
    take(description, description.src_desc(), description.diff_weights_desc(), description.diff_dst_desc());
    c.primitive = Weights(description);
  }
  return out;
}

// Made on the calling thread, before any parallel region. Rejections of oneDNN are bugs of ours: shapes were checked.
std::shared_ptr<const Convolution> find(const Key& key) {
  static std::mutex mutex;
  static std::unordered_map<Key, std::shared_ptr<const Convolution>, KeyHash> cache;
  const std::lock_guard lock(mutex);
  if (const auto found = cache.find(key); found != cache.end()) return found->second;
  if (cache.size() >= kMaxCached) cache.clear();
  try {
    return cache[key] = create(key);
  } catch (const dnnl::error& error) {
    cache.erase(key);
    fail(ErrorKind::kInternal, "oneDNN cannot run a convolution {}x{}x{} to {}x{}x{}, kernel {}x{}: {}", key.shape.h,
         key.shape.w, key.shape.c, key.shape.oh, key.shape.ow, key.shape.o, key.shape.kh, key.shape.kw, error.what());
  }
}

// Read-only activations in the layout a primitive wants.
const void* arranged(const Layout& plain, const float* data, const Layout& wanted, ScratchSlot slot) {
  if (plain == wanted) return data;
  void* copy = thread_scratch(slot, static_cast<int64_t>(wanted.get_size()));
  reorder(plain, data, wanted, copy);
  return copy;
}

void execute(const Convolution& c, Arguments&& arguments) {
  if (const auto bytes = c.scratch.get_size(); bytes > 0) {
    arguments.emplace(DNNL_ARG_SCRATCHPAD,
                      wrap(c.scratch, thread_scratch(ScratchSlot::kPrimitive, static_cast<int64_t>(bytes))));
  }
  c.primitive.execute(thread_stream(), arguments);
}

// Runs c into `out`, through scratch memory if the layout differs.
void execute_into(const Convolution& c, Arguments&& arguments, int name, const Layout& plain, const Layout& wanted,
                  float* out, ScratchSlot slot) {
  void* target = plain == wanted ? out : thread_scratch(slot, static_cast<int64_t>(wanted.get_size()));
  arguments.emplace(name, wrap(wanted, target));
  execute(c, std::move(arguments));
  if (target != out) reorder(wanted, target, plain, out);
}

int64_t offset_in(const ConvGeometry& whole, const ConvPiece& piece) {
  return (piece.image * whole.h + piece.row_in) * whole.w * whole.c;
}
int64_t offset_out(const ConvGeometry& whole, const ConvPiece& piece) {
  return (piece.image * whole.oh + piece.row_out) * whole.ow * whole.o;
}

struct Job {
  ConvPiece piece;
  std::shared_ptr<const Convolution> convolution;
  PackedWeights weights;
};

std::vector<Job> prepare(Pass pass, const ConvGeometry& shape, int64_t limit, const Tensor* weight, bool bias,
                         bool relu, bool bf16) {
  make_libraries_serial();
  std::vector<Job> jobs;
  for (const ConvPiece& piece : cut_convolution(shape, limit, pass != Pass::kData)) {
    Job job{piece, {}, {}};
    // Most pieces are alike: look at the one before.
    if (!jobs.empty() && jobs.back().piece.shape == piece.shape) {
      job.convolution = jobs.back().convolution;
      job.weights = jobs.back().weights;
    } else {
      job.convolution = find({pass, piece.shape, bias, relu, bf16});
      if (weight != nullptr)
        job.weights = pack_weights(*weight, job.convolution->plain_weights, job.convolution->weights);
    }
    jobs.push_back(std::move(job));
  }
  return jobs;
}

}  // namespace

void forward(const ConvGeometry& shape, const float* x, const Tensor& weight, const float* bias, bool relu, bool bf16,
             float* y) {
  const auto jobs = prepare(Pass::kForward, shape, kMaxPieces, &weight, bias != nullptr, relu, bf16);
  parallel_tasks(static_cast<int64_t>(jobs.size()), [&](int64_t i) {
    const Job& job = jobs[static_cast<size_t>(i)];
    const Convolution& c = *job.convolution;
    const void* source = arranged(c.plain_source, x + offset_in(shape, job.piece), c.source, ScratchSlot::kSource);
    Arguments arguments{{DNNL_ARG_SRC, wrap(c.source, source)}, {DNNL_ARG_WEIGHTS, wrap(c.weights, job.weights.data)}};
    if (bias != nullptr) arguments.emplace(DNNL_ARG_BIAS, wrap(c.bias, bias));
    execute_into(c, std::move(arguments), DNNL_ARG_DST, c.plain_destination, c.destination,
                 y + offset_out(shape, job.piece), ScratchSlot::kDestination);
  });
}

void backward_data(const ConvGeometry& shape, const float* dy, const Tensor& weight, float* dx) {
  const auto jobs = prepare(Pass::kData, shape, kMaxPieces, &weight, false, false, false);
  parallel_tasks(static_cast<int64_t>(jobs.size()), [&](int64_t i) {
    const Job& job = jobs[static_cast<size_t>(i)];
    const Convolution& c = *job.convolution;
    const void* slope =
        arranged(c.plain_destination, dy + offset_out(shape, job.piece), c.destination, ScratchSlot::kDestination);
    Arguments arguments{{DNNL_ARG_DIFF_DST, wrap(c.destination, slope)},
                        {DNNL_ARG_WEIGHTS, wrap(c.weights, job.weights.data)}};
    execute_into(c, std::move(arguments), DNNL_ARG_DIFF_SRC, c.plain_source, c.source, dx + offset_in(shape, job.piece),
                 ScratchSlot::kSource);
  });
}

void backward_weights(const ConvGeometry& shape, const float* x, const float* dy, float* dw) {
  const int64_t count = shape.o * (shape.c / shape.groups) * shape.kh * shape.kw;
  const int64_t limit = std::clamp<int64_t>(kPartialBytes / (4 * count), 2, kMaxPartials);
  const auto jobs = prepare(Pass::kWeights, shape, limit, nullptr, false, false, false);
  // All pieces use the layout of the first, so that partial sums can be added before the way back to OIHW.
  const Layout packed = jobs[0].convolution->weights, plain = jobs[0].convolution->plain_weights;
  const auto size = static_cast<int64_t>(packed.get_size() / sizeof(float));
  const ArenaBlock partial(static_cast<int64_t>(jobs.size()) * size * 4);
  float* sums = static_cast<float*>(partial.data);
  parallel_tasks(static_cast<int64_t>(jobs.size()), [&](int64_t i) {
    const Job& job = jobs[static_cast<size_t>(i)];
    const Convolution& c = *job.convolution;
    const void* source = arranged(c.plain_source, x + offset_in(shape, job.piece), c.source, ScratchSlot::kSource);
    const void* slope =
        arranged(c.plain_destination, dy + offset_out(shape, job.piece), c.destination, ScratchSlot::kDestination);
    Arguments arguments{{DNNL_ARG_SRC, wrap(c.source, source)}, {DNNL_ARG_DIFF_DST, wrap(c.destination, slope)}};
    // oneDNN may choose another layout for a strip of another height.
    execute_into(c, std::move(arguments), DNNL_ARG_DIFF_WEIGHTS, packed, c.weights, sums + i * size,
                 ScratchSlot::kWeights);
  });
  constexpr int64_t kGrain = 1 << 14;
  parallel_blocks(size, kGrain, [&](int64_t begin, int64_t end) {
    for (size_t i = 1; i < jobs.size(); ++i) {
      kernel_table().add_into(sums + static_cast<int64_t>(i) * size + begin, sums + begin, end - begin);
    }
  });
  reorder(packed, sums, plain, dw);
}

std::string implementation(Pass pass, const ConvGeometry& shape) {
  std::set<std::string> names;
  for (const Job& job :
       prepare(pass, shape, pass == Pass::kWeights ? kMaxPartials : kMaxPieces, nullptr, false, false, false)) {
    names.insert(job.convolution->implementation);
  }
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : " ") + name;
  return out;
}

}  // namespace fovea::kernels::dnnl_conv
