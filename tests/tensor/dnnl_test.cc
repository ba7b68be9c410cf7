// Which implementations oneDNN chooses for us, and bf16 where the CPU has AMX.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/cpu.h"
#include "base/rng.h"
#include "tensor/kernels/conv.h"
#include "tensor/kernels/dispatch.h"
#include "tensor/kernels/dnnl_conv.h"
#include "tensor/kernels/linear.h"

namespace fovea::kernels {
namespace {

ConvGeometry square(int64_t n, int64_t size, int64_t c, int64_t o, int64_t kernel, int64_t stride, int64_t pad,
                    int64_t groups = 1) {
  ConvGeometry g;
  g.n = n, g.h = g.w = size, g.c = c, g.o = o, g.kh = g.kw = kernel, g.stride_y = g.stride_x = stride,
  g.groups = groups;
  g.pad_top = g.pad_bottom = g.pad_left = g.pad_right = pad;
  g.oh = g.ow = (size + 2 * pad - kernel) / stride + 1;
  return g;
}

Tensor random_tensor(const Shape& shape, uint64_t seed) {
  Rng rng(seed, RngPurpose::kTest);
  Tensor out = Tensor::empty(shape);
  for (float& value : out.span<float>()) value = static_cast<float>(rng.uniform(-1, 1));
  return out;
}

double relative_distance(const Tensor& a, const Tensor& b) {
  double difference = 0, size = 0;
  for (int64_t i = 0; i < a.count(); ++i) {
    difference += (a.at(i) - b.at(i)) * (a.at(i) - b.at(i));
    size += b.at(i) * b.at(i);
  }
  return std::sqrt(difference / size);
}

}  // namespace

TEST_CASE("oneDNN: no f32 convolution of the shipped networks falls to a reference implementation") {
  const std::vector<ConvGeometry> layers{
      square(4, 227, 3, 96, 11, 4, 0),  square(4, 27, 96, 256, 5, 1, 2, 2), square(4, 13, 256, 384, 3, 1, 1),
      square(1, 224, 3, 64, 3, 1, 1),   square(8, 28, 512, 512, 3, 1, 1),   square(64, 32, 3, 48, 3, 1, 1),
      square(64, 16, 48, 96, 3, 1, 1),  square(64, 28, 1, 20, 5, 1, 0),     square(3, 28, 256, 64, 1, 1, 0),
      square(3, 14, 576, 128, 1, 1, 0), square(2, 60, 128, 512, 9, 1, 4),   square(2, 112, 24, 24, 3, 1, 1, 24),
      square(5, 9, 37, 19, 3, 2, 1)};
  for (const ConvGeometry& layer : layers) {
    for (const auto pass : {dnnl_conv::Pass::kForward, dnnl_conv::Pass::kData, dnnl_conv::Pass::kWeights}) {
      if (pass == dnnl_conv::Pass::kData && layer.c <= 3) continue;  // kernels/image_gradient.h serves it
      const std::string name = dnnl_conv::implementation(pass, layer);
      CAPTURE(layer.c);
      CAPTURE(layer.o);
      CAPTURE(static_cast<int>(pass));
      CHECK(!name.empty());
      CHECK_MESSAGE(name.find("ref") == std::string::npos, name);
    }
  }
}

// Few images are cut into strips, for which oneDNN may choose weight layouts of their own.
TEST_CASE("oneDNN: weight gradients of few images agree with the reference") {
  for (const ConvGeometry& layer :
       {square(2, 227, 3, 96, 11, 4, 0), square(1, 63, 3, 48, 7, 2, 3), square(1, 27, 32, 48, 5, 1, 2, 2)}) {
    const Tensor x = random_tensor({layer.n, layer.h, layer.w, layer.c}, 1),
                 dy = random_tensor({layer.n, layer.oh, layer.ow, layer.o}, 2);
    const Tensor fast = conv_backward_weights(layer, x, dy);
    use_reference(true);
    const Tensor slow = conv_backward_weights(layer, x, dy);
    use_reference(false);
    CAPTURE(layer.c);
    CHECK(relative_distance(fast, slow) < 1e-5);
  }
}

TEST_CASE("oneDNN: packed weights follow changes of the weights") {
  const ConvGeometry g = square(2, 14, 32, 32, 3, 1, 1);
  const Tensor x = random_tensor({2, 14, 14, 32}, 1);
  Tensor w = random_tensor({32, 32, 3, 3}, 2);
  const Tensor before = conv_forward(g, x, w, {}, false, true);
  for (float& value : w.span<float>()) value *= 2;
  const Tensor after = conv_forward(g, x, w, {}, false, true);
  for (int64_t i = 0; i < before.count(); i += 97) CHECK(after.at(i) == 2 * before.at(i));
}

TEST_CASE("bf16: convolution and inner product stay near f32 where AMX exists") {
  use_bf16(true);
  CHECK(bf16_in_use() == has_amx_bf16());
  if (!has_amx_bf16()) {
    MESSAGE("this CPU has no AMX: bf16 is off and its kernels were not run");
    use_bf16(false);
    return;
  }
  const ConvGeometry g = square(3, 14, 64, 96, 3, 1, 1);
  const Tensor x = random_tensor({3, 14, 14, 64}, 1), w = random_tensor({96, 64, 3, 3}, 2), b = random_tensor({96}, 3);
  const Tensor rows = random_tensor({33, 700}, 4), v = random_tensor({1000, 700}, 5), c = random_tensor({1000}, 6);
  const Tensor conv = conv_forward(g, x, w, b, true, true), product = linear_forward(rows, v, c, true, true);
  use_bf16(false);
  CHECK(relative_distance(conv, conv_forward(g, x, w, b, true, true)) < 1e-2);
  CHECK(relative_distance(product, linear_forward(rows, v, c, true, true)) < 1e-2);
}

}  // namespace fovea::kernels
