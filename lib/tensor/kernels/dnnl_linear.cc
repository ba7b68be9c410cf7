#include "tensor/kernels/dnnl_linear.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <tuple>
#include <unordered_map>

#include "base/cpu.h"
#include "base/parallel.h"
#include "tensor/kernels/dispatch.h"
#include "tensor/kernels/dnnl_support.h"

namespace fovea::kernels::dnnl_linear {
namespace {

using Layout = dnnl::memory::desc;
using Type = dnnl::memory::data_type;
using Tag = dnnl::memory::format_tag;

constexpr int64_t kWeightsPerTask = int64_t{1} << 18;  // 1 MiB of weights: half of a core's L2
constexpr int64_t kMaxTasks = 64;
constexpr size_t kMaxCached = 512;

// One product over `m` outputs. y is strided: the columns of one task within rows of all outputs.
struct Product {
  dnnl::primitive primitive;
  Layout source, plain_weights, weights, bias, destination, scratch;
};

using Key =
    std::tuple<int64_t, int64_t, int64_t, int64_t, bool, bool, bool>;  // batch, m, k, stride of y, bias, relu, bf16

std::shared_ptr<const Product> create(const Key& key) {
  const auto [batch, m, k, stride, bias, relu, bf16] = key;
  auto out = std::make_shared<Product>();
  const Type type = bf16 ? Type::bf16 : Type::f32;
  out->source = Layout({batch, k}, type, Tag::ab);
  out->plain_weights = Layout({k, m}, Type::f32, Tag::ba);  // stored [M,K]
  out->destination = Layout({batch, m}, Type::f32, dnnl::memory::dims{stride, 1});
  if (bias) out->bias = Layout({1, m}, Type::f32, Tag::ab);
  const Layout any({k, m}, type, Tag::any);
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (relu) {
    dnnl::post_ops post;
    post.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
    attributes.set_post_ops(post);
  }
  const dnnl::matmul::desc desc = bias ? dnnl::matmul::desc(out->source, any, out->bias, out->destination)
                                       : dnnl::matmul::desc(out->source, any, out->destination);
  const dnnl::matmul::primitive_desc description(desc, attributes, cpu_engine());
  out->weights = description.weights_desc();
  out->scratch = description.scratchpad_desc();
  out->primitive = dnnl::matmul(description);
  return out;
}

std::shared_ptr<const Product> find(const Key& key) {
  static std::mutex mutex;
  static std::map<Key, std::shared_ptr<const Product>> cache;
  const std::lock_guard lock(mutex);
  if (const auto found = cache.find(key); found != cache.end()) return found->second;
  if (cache.size() >= kMaxCached) cache.clear();
  try {
    std::shared_ptr<const Product> product = create(key);
    cache.emplace(key, product);
    return product;
  } catch (const dnnl::error& error) {
    fail(ErrorKind::kInternal, "oneDNN cannot run a product {}x{}x{}: {}", std::get<0>(key), std::get<1>(key),
         std::get<2>(key), error.what());
  }
}

}  // namespace

bool is_worthwhile(int64_t batch, int64_t m, int64_t k, bool bf16) {
  if (bf16) return true;
  return isa_level() == IsaLevel::kV4 && batch > 1 && m * k >= kWeightsPerTask;
}

void forward(int64_t batch, const float* x, const Tensor& weight, const float* bias, bool relu, bool bf16, float* y) {
  make_libraries_serial();
  const int64_t m = weight.extent(0), k = weight.extent(1);
  const int64_t tasks = std::clamp<int64_t>(m * k / kWeightsPerTask, 1, std::min(kMaxTasks, (m + 63) / 64));
  const int64_t step = ((m + tasks - 1) / tasks + 63) / 64 * 64;
  const Layout plain_source({batch, k}, Type::f32, Tag::ab);
  std::unique_ptr<ArenaBlock> converted;
  const void* source = x;
  if (bf16) {
    converted = std::make_unique<ArenaBlock>(batch * k * 2);
    reorder(plain_source, x, Layout({batch, k}, Type::bf16, Tag::ab), converted->data);
    source = converted->data;
  }
  struct Job {
    int64_t first;
    std::shared_ptr<const Product> product;
    PackedWeights weights;
  };
  std::vector<Job> jobs;
  for (int64_t first = 0; first < m; first += step) {
    const int64_t last = std::min(m, first + step);
    const auto product = find({batch, last - first, k, m, bias != nullptr, relu, bf16});
    jobs.push_back({first, product, pack_weights(weight.rows(first, last), product->plain_weights, product->weights)});
  }
  parallel_tasks(static_cast<int64_t>(jobs.size()), [&](int64_t i) {
    const auto& [first, product, weights] = jobs[static_cast<size_t>(i)];
    std::unordered_map<int, dnnl::memory> arguments{{DNNL_ARG_SRC, wrap(product->source, source)},
                                                    {DNNL_ARG_WEIGHTS, wrap(product->weights, weights.data)},
                                                    {DNNL_ARG_DST, wrap(product->destination, y + first)}};
    if (bias != nullptr) arguments.emplace(DNNL_ARG_BIAS, wrap(product->bias, bias + first));
    if (const auto bytes = product->scratch.get_size(); bytes > 0) {
      arguments.emplace(DNNL_ARG_SCRATCHPAD,
                        wrap(product->scratch, thread_scratch(ScratchSlot::kPrimitive, static_cast<int64_t>(bytes))));
    }
    product->primitive.execute(thread_stream(), arguments);
  });
}

}  // namespace fovea::kernels::dnnl_linear
