// The networks of adversarial training in share/models, and the layer kinds that came with them.
#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "autograd/grad_check.h"
#include "autograd/ops/arithmetic.h"
#include "base/error.h"
#include "base/file.h"
#include "base/rng.h"
#include "nn/fold.h"
#include "nn/network.h"
#include "nn/rewrite.h"
#include "source_path.h"
#include "vectors/vectors.h"

using namespace fovea;

namespace {

nn::NetText shipped(const std::string& name) {
  return nn::parse_net(read_text_file(source_path("share/models/" + name + ".net"), 1 << 20), name + ".net");
}

nn::Network build(const std::string& body, DType dtype = DType::kF64) {
  return nn::Network(nn::parse_net("fovea-net 1\ninput name=x height=6 width=4 channels=2\n" + body, "t.net"), dtype);
}

Tensor random(const Shape& shape, DType dtype) {
  Tensor out = Tensor::empty(shape, DType::kF64);
  Rng rng(5, RngPurpose::kTest);
  for (double& v : out.span<double>()) v = rng.normal();
  return out.to(dtype);
}

double root_mean_square(const Tensor& x) {
  double sum = 0;
  for (int64_t i = 0; i < x.count(); ++i) sum += x.at(i) * x.at(i);
  return std::sqrt(sum / static_cast<double>(x.count()));
}

const std::vector<std::string> kClassifiers = {"allconv48", "allconv96", "resnet8x", "mnist-conv"};
const std::vector<std::string> kGenerators = {"g48", "g48-bn", "gap", "gap-32", "l2l"};

std::string message(const std::string& body) {
  try {
    build(body);
  } catch (const Error& error) {
    return error.what();
  }
  return "built";
}

}  // namespace

TEST_CASE("adversarial networks: parameters as counted by hand") {
  const std::map<std::string, int64_t> expected = {
      // kernels and biases: 3x3x3x48, 3x3x48x48, 3x3x48x96, twice 3x3x96x96, 96x96, 96x10
      {"allconv48", 1344 + 20784 + 41568 + 2 * 83040 + 9312 + 970},
      {"allconv96", 2688 + 83040 + 166080 + 2 * 331968 + 37056 + 1930},
      // stem, three blocks with their projections, the classifier, and gamma and beta of 672 maps
      {"resnet8x", 864 + 2 * 9216 + (18432 + 36864 + 2048) + (73728 + 147456 + 8192) + 1290 + 2 * 672},
      // the public count of the MNIST challenge's network
      {"mnist-conv", 3274634},
      {"g48", 1344 + 5 * 20784 + 2352 + 147},
      {"g48-bn", 1344 + 5 * 20784 + 2352 + 147 + 7 * 48},
      // 7x7 stem, down, twelve 3x3 of the blocks, up, 7x7 with bias, gamma and beta
      {"gap", 9408 + 73728 + 294912 + 12 * 589824 + 294912 + 73728 + 9411 + 2 * 3712},
      {"gap-32", 4704 + 18432 + 12 * 36864 + 18432 + 4707 + 2 * 896},
      {"l2l", 6912 + (294912 + 589824 + 32768) + (294912 + 147456 + 32768) + 32768 + 597 + 1 + 2 * 1296},
  };
  for (const auto& [name, count] : expected) {
    const auto& name_ = name;  // clang 14 captures no structured bindings
    CAPTURE(name_);
    CHECK(nn::Network(shipped(name)).parameter_count() == count);
  }
}

TEST_CASE("adversarial networks: classifiers give class scores for grey and colour images of several sizes") {
  for (const std::string& name : kClassifiers) {
    CAPTURE(name);
    for (const Shape& image : {Shape{28, 28, 1}, Shape{32, 32, 3}, Shape{16, 16, 1}}) {
      nn::Network net(nn::with_classes(nn::with_input(shipped(name), image[0], image[1], image[2]), 4));
      net.initialize(1);
      const Var y =
          net.forward(Var(random({2, image[0], image[1], image[2]}, DType::kF32)), nn::PassContext::inference());
      CHECK(y.shape() == Shape({2, 4}));
      CHECK(std::isfinite(root_mean_square(y.value())));
      CHECK(nn::has_batch_norm(net.text()) == (name == "resnet8x"));
    }
  }
}

TEST_CASE("adversarial networks: generators give a small perturbation of the image's size") {
  for (const std::string& name : kGenerators) {
    CAPTURE(name);
    for (const Shape& image : {Shape{28, 28, 1}, Shape{32, 32, 3}, Shape{16, 16, 1}}) {
      const int64_t read = name == "l2l" ? 2 * image[2] : image[2];
      nn::Network net(nn::with_classes(nn::with_input(shipped(name), image[0], image[1], read), image[2]));
      net.initialize(1);
      const Var x(random({2, image[0], image[1], read}, DType::kF32));
      const Var y = net.forward(x, nn::PassContext::training(1, 0));
      REQUIRE(y.shape() == Shape({2, image[0], image[1], image[2]}));
      const double size = root_mean_square(y.value());
      CHECK(size > 1e-4);
      CHECK(size < (name == "l2l" ? 0.25 : 0.05));  // l2l's slope of 5
    }
  }
}

TEST_CASE("deconv, reflect_pad, scale: gradients of a network pass the checker, into the image, too") {
  nn::Network network = build(
      "reflect_pad name=m pad=2,1,0,3\nconv name=a out=3 kernel=3 stride=2 bias=no\nbatch_norm name=b\ntanh name=t\n"
      "deconv name=d out=2 kernel=3x4 stride=2 pad=1 output_pad=1x0\nscale name=s value=3\n");
  network.initialize(3);
  std::vector<Tensor> inputs;
  for (nn::Parameter* parameter : network.parameters()) inputs.push_back(parameter->var.value().clone());
  inputs.push_back(random({3, 6, 4, 2}, DType::kF64));
  const auto result = check_gradients(
      [&](const std::vector<Var>& leaves) {
        for (size_t i = 0; i + 1 < leaves.size(); ++i) network.parameters()[i]->var = leaves[i];
        nn::PassContext context = nn::PassContext::training(1, 0);
        context.update_running = false;
        const Var y = network.forward(leaves.back(), context);
        return ops::sum(ops::multiply(y, y));
      },
      inputs);
  CAPTURE(result.where);
  CHECK(result.passed);
}

TEST_CASE("deconv: a relu behind it is applied in the layer, with the same numbers") {
  nn::Network network = build("deconv name=d out=3 kernel=3 stride=2\nrelu name=r\ndense name=e out=2\n", DType::kF32);
  network.initialize(2);
  const Var x(random({3, 6, 4, 2}, DType::kF32));
  nn::PassContext context = nn::PassContext::inference();
  const Tensor fused = network.forward(x, context).value();
  context.watch = {"d"};
  context.on_output = [](const std::string&, const Var&) {};
  CHECK(vectors::worst_difference(fused, network.forward(x, context).value()) == 0);
}

TEST_CASE("deconv: weights are (in, out, kh, kw) on disk; its cost is that of every input pixel") {
  nn::Network network = build("deconv name=d out=5 kernel=3x4 stride=2\n");
  const auto arrays = network.export_arrays();
  CHECK(arrays[0].shape == Shape({2, 5, 3, 4}));
  CHECK(arrays[1].shape == Shape({5}));
  CHECK(network.output_shape().shape == Shape({13, 10, 5}));
  CHECK(network.parameter_count() == 2 * 5 * 12 + 5);
  CHECK(network.multiply_adds() == 24 * 2 * 5 * 12);
}

TEST_CASE("scale: starts at its value and is stored") {
  nn::Network network = build("scale name=s value=5\n");
  network.initialize(1);
  CHECK(network.export_arrays()[0].values == std::vector<float>{5});
  const Tensor x = random({1, 6, 4, 2}, DType::kF64);
  CHECK(network.forward(Var(x), nn::PassContext::inference()).value().at(3) == 5 * x.at(3));
}

TEST_CASE("deconv, reflect_pad, scale: bad lines are refused with place and key") {
  CHECK(message("deconv name=d out=2 kernel=3 dilation=2\n") == "t.net:3: d: 'deconv' has no key 'dilation'");
  CHECK(
      message("deconv name=d out=2 kernel=3 stride=2 output_pad=2\n").starts_with("t.net:3: d: output_pad: expected"));
  CHECK(message("deconv name=d out=2 kernel=3 output_pad=1\n").starts_with("t.net:3: d: "));
  CHECK(message("deconv name=d out=2 kernel=3 pad=9\n").starts_with("t.net:3: d: transposed convolution: kernel 3"));
  CHECK(message("deconv name=d out=2 kernel=3 pad=1,2\n").starts_with("t.net:3: d: pad: expected N | top,bottom"));
  CHECK(message("flatten name=f\ndeconv name=d out=2 kernel=3\n").starts_with("t.net:4: d: input: expected a grid"));
  CHECK(message("reflect_pad name=p pad=4\n").starts_with("t.net:3: p: input: expected a grid [H,W,C] with sides"));
  CHECK(message("reflect_pad name=p kernel=4\n") == "t.net:3: p: 'reflect_pad' has no key 'kernel'");
  CHECK(message("scale name=s value=much\n").starts_with("t.net:3: s: value: expected a number"));
  CHECK(message("conv name=c out=2 kernel=1 init=he:x\n").starts_with("t.net:3: init: expected he | xavier"));
}

TEST_CASE("initialisers: a factor scales the same numbers") {
  nn::Network usual = build("conv name=c out=2 kernel=1 init=uniform\n"),
              small = build("conv name=c out=2 kernel=1 init=uniform:0.01\n");
  usual.initialize(1);
  small.initialize(1);
  for (int64_t i = 0; i < 4; ++i) {
    CHECK(small.parameters()[0]->var.value().at(i) == doctest::Approx(0.01 * usual.parameters()[0]->var.value().at(i)));
  }
}
