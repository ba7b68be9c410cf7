#include "autograd/op_cases.h"

#include "autograd/ops/activation.h"
#include "autograd/ops/arithmetic.h"
#include "autograd/ops/conv.h"
#include "autograd/ops/dropout.h"
#include "autograd/ops/heat_map_loss.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/norm.h"
#include "autograd/ops/pool.h"
#include "autograd/ops/resample.h"
#include "autograd/ops/shape.h"
#include "autograd/ops/softmax_loss.h"
#include "autograd/ops/spatial.h"

namespace fovea::testing {
namespace {

using Vars = std::vector<Var>;
using ops::Activation;
using ops::BatchNormMode;

OpInput fixed(Shape shape) { return {.shape = shape, .batched = false}; }
OpInput input(Shape shape, double gap = 0) { return {.shape = shape, .gap = gap}; }
OpInput spaced(Shape shape) { return {.shape = shape, .spaced = true}; }

void add_pointwise(std::vector<OpCase>& out) {
  const Shape small{3, 4}, large{37, 5, 7, 67};
  const auto pair = [&](const char* op, Var (*function)(const Var&, const Var&)) {
    const auto build = [function](const Vars& v) { return function(v[0], v[1]); };
    out.push_back({.op = op, .variant = "small", .inputs = {input(small), input(small)}, .build = build});
    out.push_back(
        {.op = op, .variant = "large", .inputs = {input(large), input(large)}, .build = build, .small = false});
  };
  pair("add", ops::add);
  pair("subtract", ops::subtract);
  pair("multiply", ops::multiply);
  out.push_back(
      {.op = "multiply", .variant = "both sides the same value", .inputs = {input(small)}, .build = [](const Vars& v) {
         return ops::multiply(v[0], v[0]);
       }});
  const auto single = [&](const char* op, Var (*function)(const Var&), double gap, double tolerance) {
    const auto build = [function](const Vars& v) { return function(v[0]); };
    out.push_back({.op = op, .variant = "small", .inputs = {input(small, gap)}, .build = build});
    out.push_back({.op = op,
                   .variant = "large",
                   .inputs = {{.shape = large, .low = -12, .high = 12, .gap = gap}},
                   .build = build,
                   .tolerance = tolerance,
                   .small = false});
  };
  single("relu", ops::relu, 0.1, 2e-6);
  single("sigmoid", ops::sigmoid, 0, 2e-6);
  single("tanh", ops::tanh, 0, 2e-6);
  single("sum", ops::sum, 0, 2e-6);
  const auto mean = [](const Vars& v) { return ops::mean(v[0]); };
  out.push_back(
      {.op = "mean", .variant = "small", .inputs = {input(small)}, .build = mean, .empty = EmptyBatch::kRefused});
  out.push_back({.op = "mean",
                 .variant = "large",
                 .inputs = {input(large)},
                 .build = mean,
                 .small = false,
                 .empty = EmptyBatch::kRefused});
  const auto scale = [](const Vars& v) { return ops::scale(v[0], -1.7, 0.3); };
  out.push_back({.op = "scale", .variant = "small", .inputs = {input(small)}, .build = scale});
  out.push_back({.op = "scale", .variant = "large", .inputs = {input(large)}, .build = scale, .small = false});
  const auto units = [](const Vars& v) {
    std::vector<double> factors, offsets;
    for (int64_t c = 0; c < v[0].shape().channels(); ++c) {
      factors.push_back(1.5 - 0.8 * static_cast<double>(c));
      offsets.push_back(0.2 * static_cast<double>(c) - 0.3);
    }
    return ops::channel_affine(v[0], factors, offsets);
  };
  out.push_back({.op = "channel_affine", .variant = "small", .inputs = {input({2, 3, 2, 3})}, .build = units});
  out.push_back({.op = "channel_affine",
                 .variant = "pictures, an odd number of pixels",
                 .inputs = {input({31, 33, 35, 3})},
                 .build = units,
                 .small = false});
  out.push_back({.op = "channel_affine", .variant = "large", .inputs = {input(large)}, .build = units, .small = false});
  const auto scale_by = [](const Vars& v) { return ops::scale_by(v[0], v[1]); };
  out.push_back({.op = "scale_by", .variant = "small", .inputs = {input(small), fixed({1})}, .build = scale_by});
  out.push_back(
      {.op = "scale_by", .variant = "large", .inputs = {input(large), fixed({1})}, .build = scale_by, .small = false});
  const auto bias = [](const Vars& v) { return ops::add_bias(v[0], v[1]); };
  out.push_back({.op = "add_bias", .variant = "rank 3", .inputs = {input({2, 3, 5}), fixed({5})}, .build = bias});
  out.push_back(
      {.op = "add_bias", .variant = "large", .inputs = {input(large), fixed({67})}, .build = bias, .small = false});
  for (const Activation kind : {Activation::kNone, Activation::kRelu, Activation::kSigmoid, Activation::kTanh}) {
    out.push_back({.op = "activate",
                   .variant = fmt::format("kind {}", static_cast<int>(kind)),
                   .inputs = {input(small, 0.1)},
                   .build = [kind](const Vars& v) { return ops::activate(v[0], kind); }});
  }
}

void add_products(std::vector<OpCase>& out) {
  const auto linear = [](Activation kind) {
    return [kind](const Vars& v) { return ops::linear(v[0], v[1], v.size() > 2 ? v[2] : Var(), kind); };
  };
  out.push_back({.op = "linear",
                 .variant = "bias",
                 .inputs = {input({4, 5}), fixed({3, 5}), fixed({3})},
                 .build = linear(Activation::kNone)});
  out.push_back({.op = "linear",
                 .variant = "no bias, grid input",
                 .inputs = {input({2, 2, 3, 2}), fixed({4, 12})},
                 .build = linear(Activation::kNone)});
  out.push_back({.op = "linear",
                 .variant = "relu",
                 .inputs = {input({4, 5}), fixed({3, 5}), fixed({3})},
                 .build = linear(Activation::kRelu)});
  out.push_back({.op = "linear",
                 .variant = "sigmoid",
                 .inputs = {input({4, 5}), fixed({3, 5})},
                 .build = linear(Activation::kSigmoid)});
  const auto large = [&](const char* variant, int64_t n, int64_t k, int64_t m, Activation kind) {
    out.push_back({.op = "linear",
                   .variant = variant,
                   .inputs = {input({n, k}), fixed({m, k}), fixed({m})},
                   .build = linear(kind),
                   .tolerance = 1e-5,
                   .small = false});
  };
  large("one row, large", 1, 700, 900, Activation::kNone);
  large("the first MNIST layer", 60, 784, 100, Activation::kNone);
  large("several tiles, relu", 130, 517, 333, Activation::kRelu);
  const auto matmul = [](const Vars& v) { return ops::matmul(v[0], v[1]); };
  out.push_back({.op = "matmul", .variant = "small", .inputs = {input({4, 5}), fixed({5, 3})}, .build = matmul});
  out.push_back({.op = "matmul",
                 .variant = "several tiles",
                 .inputs = {input({203, 301}), fixed({301, 257})},
                 .build = matmul,
                 .tolerance = 1e-5,
                 .small = false});
}

void add_convolutions(std::vector<OpCase>& out) {
  const auto conv = [&](const char* variant, Shape x, Shape w, bool bias, ops::ConvConfig config, bool small = true) {
    std::vector<OpInput> inputs{input(x), fixed(w)};
    if (bias) inputs.push_back(fixed({w[0]}));
    out.push_back(
        {.op = "conv2d",
         .variant = variant,
         .inputs = inputs,
         .build = [config](const Vars& v) { return ops::conv2d(v[0], v[1], v.size() > 2 ? v[2] : Var(), config); },
         .tolerance = 1e-5,
         .small = small});
  };
  const ops::ConvConfig same{.pad_top = 1, .pad_bottom = 1, .pad_left = 1, .pad_right = 1};
  ops::ConvConfig same_relu = same;
  same_relu.activation = Activation::kRelu;
  ops::ConvConfig odd{
      .stride_y = 2, .stride_x = 3, .pad_top = 2, .pad_bottom = 0, .pad_left = 0, .pad_right = 1, .dilation_y = 2};
  ops::ConvConfig grouped = same;
  grouped.groups = 2;
  conv("3x3 same", {2, 4, 5, 3}, {4, 3, 3, 3}, true, same);
  conv("3x3 same, relu", {2, 4, 5, 3}, {4, 3, 3, 3}, true, same_relu);
  conv("odd strides, paddings, dilation", {2, 7, 9, 2}, {3, 2, 3, 2}, false, odd);
  conv("groups", {2, 4, 4, 4}, {6, 2, 3, 3}, true, grouped);
  conv("depthwise", {2, 4, 4, 3}, {3, 1, 3, 3}, false,
       {.pad_top = 1, .pad_bottom = 1, .pad_left = 1, .pad_right = 1, .groups = 3});
  conv("1x1", {2, 3, 3, 5}, {4, 5, 1, 1}, true, {});
  conv("stride leaves the last column out", {1, 6, 6, 2}, {2, 2, 3, 3}, false, {.stride_y = 2, .stride_x = 2});
  conv("large 3x3, relu", {19, 14, 14, 32}, {48, 32, 3, 3}, true, same_relu, false);
  conv("large first layer", {5, 33, 35, 3}, {24, 3, 5, 5}, true,
       {.stride_y = 2, .stride_x = 2, .pad_top = 2, .pad_bottom = 2, .pad_left = 2, .pad_right = 2}, false);
  conv("large, grey image", {6, 28, 26, 1}, {32, 1, 5, 5}, true,
       {.pad_top = 2, .pad_bottom = 2, .pad_left = 2, .pad_right = 2}, false);
  conv("large, image, odd geometry", {3, 40, 43, 3}, {17, 3, 3, 2}, false, odd, false);
  conv("large, image, rows and columns left out", {3, 40, 42, 2}, {20, 2, 3, 3}, false,
       {.stride_y = 5, .stride_x = 4, .pad_left = 1}, false);
  conv("large, one image in strips", {1, 57, 41, 24}, {40, 24, 3, 3}, true, same_relu, false);
  conv("large, two images, stride 2", {2, 41, 37, 16}, {32, 16, 3, 3}, false,
       {.stride_y = 2, .stride_x = 2, .pad_top = 1, .pad_bottom = 1, .pad_left = 1, .pad_right = 1}, false);
  conv("large, odd geometry", {4, 29, 31, 10}, {14, 10, 3, 2}, true, odd, false);
  conv("large groups", {6, 13, 13, 32}, {48, 16, 5, 5}, true,
       {.pad_top = 2, .pad_bottom = 2, .pad_left = 2, .pad_right = 2, .groups = 2}, false);
  conv("large 1x1, odd channels", {7, 11, 13, 37}, {19, 37, 1, 1}, true, {}, false);
  conv("large, wide", {3, 9, 9, 256}, {256, 256, 3, 3}, false, same, false);
}

void add_transposed_convolutions(std::vector<OpCase>& out) {
  const auto transposed = [&](const char* variant, Shape x, Shape w, bool bias, ops::ConvTransposeConfig config,
                              bool small = true) {
    std::vector<OpInput> inputs{input(x), fixed(w)};
    if (bias) inputs.push_back(fixed({w[1]}));
    const auto build = [config](const Vars& v) {
      return ops::conv_transpose2d(v[0], v[1], v.size() > 2 ? v[2] : Var(), config);
    };
    out.push_back({.op = "conv_transpose2d",
                   .variant = variant,
                   .inputs = inputs,
                   .build = build,
                   .tolerance = 1e-5,
                   .small = small});
  };
  const ops::ConvTransposeConfig twice{.stride_y = 2,
                                       .stride_x = 2,
                                       .pad_top = 1,
                                       .pad_bottom = 1,
                                       .pad_left = 1,
                                       .pad_right = 1,
                                       .output_pad_y = 1,
                                       .output_pad_x = 1};
  ops::ConvTransposeConfig twice_relu = twice;
  twice_relu.activation = Activation::kRelu;
  transposed("3x3, twice the size", {2, 3, 4, 3}, {3, 2, 3, 3}, true, twice);
  transposed("3x3, twice the size, relu", {2, 3, 4, 3}, {3, 2, 3, 3}, true, twice_relu);
  transposed("sides of their own", {2, 3, 2, 2}, {2, 4, 4, 3}, false,
             {.stride_y = 2, .stride_x = 3, .pad_top = 2, .pad_left = 1, .output_pad_x = 2});
  transposed("stride 1", {2, 4, 3, 3}, {3, 2, 3, 3}, true, {.pad_top = 1, .pad_bottom = 1});
  transposed("gaps: kernel below the stride", {2, 2, 3, 2}, {2, 3, 1, 2}, true, {.stride_y = 3, .stride_x = 3});
  transposed("large, relu", {9, 16, 15, 32}, {32, 24, 3, 3}, true, twice_relu, false);
  transposed("large, to an image", {17, 16, 16, 48}, {48, 3, 4, 4}, true,
             {.stride_y = 2, .stride_x = 2, .pad_top = 1, .pad_bottom = 1, .pad_left = 1, .pad_right = 1}, false);
}

void add_pools(std::vector<OpCase>& out) {
  const auto pool = [&](const char* op, Var (*function)(const Var&, const ops::PoolConfig&), const char* variant,
                        Shape x, ops::PoolConfig config, bool small = true) {
    out.push_back({.op = op,
                   .variant = variant,
                   .inputs = {spaced(x)},
                   .build = [=](const Vars& v) { return function(v[0], config); },
                   .small = small});
  };
  const ops::PoolConfig two{};
  const ops::PoolConfig overlap{
      .kernel_y = 3, .kernel_x = 3, .pad_top = 1, .pad_left = 1, .pad_bottom = 1, .pad_right = 1};
  const ops::PoolConfig caffe{.kernel_y = 3, .kernel_x = 2, .ceil_mode = true};
  ops::PoolConfig counted = overlap;
  counted.count_padding = true;
  counted.ceil_mode = true;
  const ops::PoolConfig one{.kernel_y = 3,
                            .kernel_x = 3,
                            .stride_y = 1,
                            .stride_x = 1,
                            .pad_top = 1,
                            .pad_left = 1,
                            .pad_bottom = 1,
                            .pad_right = 1};
  for (const auto& [op, function] :
       {std::pair{"max_pool", &ops::max_pool}, std::pair{"average_pool", &ops::average_pool}}) {
    pool(op, function, "2x2", {2, 4, 6, 3}, two);
    pool(op, function, "2x2, last row and column left out", {2, 5, 7, 2}, two);
    pool(op, function, "3x3 overlapping, padded", {2, 5, 6, 2}, overlap);
    pool(op, function, "rounded up", {1, 6, 7, 2}, caffe);
    pool(op, function, "padding counted, rounded up", {1, 6, 5, 2}, counted);
    pool(op, function, "large 2x2", {9, 24, 26, 48}, two, false);
    pool(op, function, "large 3x3 overlapping", {5, 27, 27, 35}, overlap, false);
    pool(op, function, "large 3x3 stride 1", {3, 14, 14, 20}, one, false);
    pool(op, function, "large, rounded up", {3, 28, 31, 17}, caffe, false);
    pool(op, function, "large, padding counted", {3, 28, 30, 9}, counted, false);
  }
  const auto global = [](const Vars& v) { return ops::global_average_pool(v[0]); };
  out.push_back({.op = "global_average_pool", .variant = "small", .inputs = {input({2, 3, 2, 4})}, .build = global});
  out.push_back({.op = "global_average_pool",
                 .variant = "large",
                 .inputs = {input({6, 14, 14, 77})},
                 .build = global,
                 .small = false});
}

Var batch_norm(const Vars& v, BatchNormMode mode, Activation activation) {
  const int64_t columns = v[0].shape().channels();
  Tensor mean = Tensor::full({columns}, 0.2, v[0].dtype()), variance = Tensor::full({columns}, 0.7, v[0].dtype());
  return ops::batch_norm(v[0], v[1], v[2], mean, variance, {.eps = 1e-3, .mode = mode, .activation = activation});
}

void add_norms(std::vector<OpCase>& out) {
  const auto norm = [&](std::string variant, Shape x, BatchNormMode mode, Activation activation, bool small = true) {
    const int64_t c = x[-1];
    out.push_back({.op = "batch_norm",
                   .variant = std::move(variant),
                   .inputs = {input(x), fixed({c}), fixed({c})},
                   .build = [=](const Vars& v) { return batch_norm(v, mode, activation); },
                   .tolerance = 1e-5,
                   .small = small,
                   .empty = mode == BatchNormMode::kFrozen ? EmptyBatch::kWorks : EmptyBatch::kRefused});
  };
  for (const Activation activation : {Activation::kNone, Activation::kRelu}) {
    const std::string end = activation == Activation::kRelu ? ", relu" : "";
    norm("dense" + end, {5, 3}, BatchNormMode::kBatch, activation);
    norm("conv" + end, {2, 2, 3, 2}, BatchNormMode::kBatch, activation);
    norm("frozen" + end, {3, 2, 2, 2}, BatchNormMode::kFrozen, activation);
    norm("large conv" + end, {9, 16, 15, 48}, BatchNormMode::kBatch, activation, false);
    norm("large odd" + end, {61, 101}, BatchNormMode::kBatch, activation, false);
    norm("few channels" + end, {7, 33, 31, 3}, BatchNormMode::kBatch, activation, false);
    norm("large frozen" + end, {5, 13, 14, 40}, BatchNormMode::kFrozen, activation, false);
    norm("large naive" + end, {5, 13, 14, 40}, BatchNormMode::kNaive, activation, false);
  }
  const auto lrn = [&](const char* variant, Shape x, ops::LrnConfig config, bool small = true) {
    out.push_back({.op = "local_response_norm",
                   .variant = variant,
                   .inputs = {input(x)},
                   .build = [config](const Vars& v) { return ops::local_response_norm(v[0], config); },
                   .tolerance = 1e-5,
                   .small = small});
  };
  lrn("window of 5", {2, 2, 2, 7}, {.alpha = 0.5});
  lrn("fewer channels than the window", {2, 1, 2, 3}, {.alpha = 0.5});
  lrn("other exponent", {2, 2, 1, 6}, {.size = 3, .alpha = 0.9, .beta = 0.6, .k = 2});
  lrn("large", {3, 13, 13, 96}, {.alpha = 0.5}, false);
  lrn("large, other exponent", {3, 7, 9, 33}, {.size = 7, .alpha = 0.5, .beta = 0.6, .k = 2}, false);
}

std::vector<int32_t> some_labels(const Var& logits) {
  std::vector<int32_t> labels;
  for (int64_t i = 0; i < logits.extent(0); ++i) labels.push_back(static_cast<int32_t>(i * 7 % logits.extent(1)));
  return labels;
}

void add_softmax(std::vector<OpCase>& out) {
  for (const auto& [op, function] :
       {std::pair{"softmax", &ops::softmax}, std::pair{"log_softmax", &ops::log_softmax}}) {
    const auto build = [function = function](const Vars& v) { return function(v[0]); };
    out.push_back({.op = op, .variant = "small", .inputs = {input({3, 4})}, .build = build});
    out.push_back({.op = op,
                   .variant = "large",
                   .inputs = {{.shape = {71, 103}, .low = -30, .high = 30}},
                   .build = build,
                   .tolerance = 1e-5,
                   .small = false});
  }
  for (const double smoothing : {0.0, 0.1}) {
    const auto build = [smoothing](const Vars& v) {
      return ops::softmax_cross_entropy(v[0], some_labels(v[0]), smoothing);
    };
    out.push_back({.op = "softmax_cross_entropy",
                   .variant = fmt::format("smoothing {}", smoothing),
                   .inputs = {input({5, 4})},
                   .build = build});
    out.push_back({.op = "softmax_cross_entropy",
                   .variant = fmt::format("large, smoothing {}", smoothing),
                   .inputs = {input({77, 1000})},
                   .build = build,
                   .tolerance = 1e-5,
                   .small = false});
  }
}

void add_shapes(std::vector<OpCase>& out) {
  const Shape grid{2, 2, 3, 4};
  out.push_back({.op = "reshape", .variant = "grid to rows", .inputs = {input(grid)}, .build = [](const Vars& v) {
                   return ops::reshape(v[0], {v[0].extent(0) * 6, 4});
                 }});
  out.push_back({.op = "flatten", .variant = "grid", .inputs = {input(grid)}, .build = [](const Vars& v) {
                   return ops::flatten(v[0]);
                 }});
  out.push_back({.op = "concat",
                 .variant = "three parts, one twice",
                 .inputs = {input({2, 3, 2}), input({2, 3, 4})},
                 .build = [](const Vars& v) {
                   return ops::concat({v[0], v[1], v[0]});
                 }});
  out.push_back({.op = "slice_rows",
                 .variant = "middle",
                 .inputs = {{.shape = {5, 3}, .batched = false}},
                 .build = [](const Vars& v) { return ops::slice_rows(v[0], 1, 4); }});
  out.push_back({.op = "slice_channels", .variant = "middle", .inputs = {input({2, 3, 6})}, .build = [](const Vars& v) {
                   return ops::slice_channels(v[0], 1, 4);
                 }});
  out.push_back(
      {.op = "pad_reflect", .variant = "four margins", .inputs = {input({2, 4, 3, 2})}, .build = [](const Vars& v) {
         return ops::pad_reflect(v[0], 3, 1, 0, 2);
       }});
  out.push_back({.op = "pad_reflect",
                 .variant = "large",
                 .inputs = {input({5, 31, 33, 19})},
                 .build = [](const Vars& v) { return ops::pad_reflect(v[0], 3, 3, 3, 3); },
                 .small = false});
  const auto dropout = [](const Vars& v) { return ops::dropout(v[0], 0.4, {.seed = 3, .layer = 2, .step = 9}); };
  out.push_back({.op = "dropout", .variant = "small", .inputs = {input({3, 5})}, .build = dropout});
  out.push_back({.op = "dropout", .variant = "large", .inputs = {input({41, 5001})}, .build = dropout, .small = false});
  out.push_back({.op = "dropout", .variant = "rate 0", .inputs = {input({3, 5})}, .build = [](const Vars& v) {
                   return ops::dropout(v[0], 0, {});
                 }});
}

// Target maps and weights of the batch's size: some maps do not count.
Tensor some_targets(const Var& maps) {
  Tensor target = Tensor::empty(maps.shape(), DType::kF64);
  for (int64_t i = 0; i < target.count(); ++i) target.data<double>()[i] = static_cast<double>(i * 7 % 11) / 10;
  return target.to(maps.dtype());
}
Tensor some_weights(const Var& maps) {
  Tensor weight = Tensor::full({maps.extent(0), maps.extent(3)}, 1, DType::kF64);
  for (int64_t i = 1; i < weight.count(); i += 3) weight.data<double>()[i] = 0;
  return weight.to(maps.dtype());
}

void add_heat_maps(std::vector<OpCase>& out) {
  for (const int64_t factor : {1, 2, 4}) {
    out.push_back({.op = "upsample",
                   .variant = fmt::format("factor {}", factor),
                   .inputs = {input({2, 3, 2, 3})},
                   .build = [factor](const Vars& v) { return ops::upsample(v[0], factor); }});
  }
  const auto drop = [](const Vars& v) { return ops::dropout_maps(v[0], 0.4, {.seed = 3, .layer = 2, .step = 9}); };
  out.push_back({.op = "dropout_maps", .variant = "small", .inputs = {input({3, 2, 3, 5})}, .build = drop});
  for (const double foreground : {1.0, 5.0}) {
    out.push_back({.op = "map_squared_error",
                   .variant = fmt::format("foreground {}", foreground),
                   .inputs = {input({2, 4, 3, 3})},
                   .build = [foreground](const Vars& v) {
                     return ops::map_squared_error(v[0], some_targets(v[0]), some_weights(v[0]), foreground);
                   }});
  }
  out.push_back(
      {.op = "map_cross_entropy", .variant = "small", .inputs = {input({2, 4, 3, 3})}, .build = [](const Vars& v) {
         return ops::map_cross_entropy(v[0], some_targets(v[0]), some_weights(v[0]));
       }});
  out.push_back({.op = "normalized_map_cross_entropy",
                 .variant = "small",
                 .inputs = {{.shape = {2, 4, 3, 3}, .low = 0.1, .high = 2}},
                 .build = [](const Vars& v) {
                   return ops::normalized_map_cross_entropy(v[0], some_targets(v[0]), some_weights(v[0]));
                 }});
}

void add_spatial(std::vector<OpCase>& out) {
  const auto spatial = [&](const char* variant, Shape evidence, int64_t outputs, int64_t size,
                           const ops::SpatialConfig& config, bool small = true) {
    const auto build = [config](const Vars& v) { return ops::spatial_model(v[0], v[1], v[2], config); };
    out.push_back({.op = "spatial_model",
                   .variant = variant,
                   .inputs = {{.shape = evidence, .low = -0.3, .high = 1, .gap = 0.05},
                              {.shape = {outputs, evidence[3], size, size}, .low = -6, .high = -3, .batched = false},
                              {.shape = {outputs, evidence[3]}, .low = -2, .high = 0, .batched = false}},
                   .build = build,
                   .tolerance = 2e-5,
                   .small = small});
  };
  spatial("kernel larger than the map", {2, 4, 5, 3}, 2, 13, {});
  spatial("kernel smaller than the map, beta 1/2", {1, 6, 7, 2}, 3, 5, {.beta = 0.5});
  spatial("some pairs only", {3, 4, 4, 3}, 3, 5, {.edges = {1, 0, 1, 1, 1, 0, 0, 1, 1}});
  spatial("direct", {2, 4, 5, 2}, 2, 7, {.form = ops::SpatialForm::kDirect});
  const auto fft = ops::SpatialForm::kFft;
  spatial("few parts, odd batch", {3, 21, 30, 5}, 4, 25, {.form = fft}, false);
  spatial("fourteen parts", {2, 12, 17, 14}, 14, 41, {.form = fft}, false);
  spatial("more parts than lanes, left out pairs", {5, 9, 8, 19}, 3, 9,
          {.edges = std::vector<uint8_t>(57, 1), .form = fft}, false);
  spatial("one cell high", {2, 1, 9, 3}, 2, 5, {.form = fft}, false);
}

}  // namespace

std::vector<OpCase> all_op_cases() {
  std::vector<OpCase> out;
  add_pointwise(out);
  add_products(out);
  add_convolutions(out);
  add_transposed_convolutions(out);
  add_pools(out);
  add_norms(out);
  add_softmax(out);
  add_shapes(out);
  add_adversarial_cases(out);
  add_attention_cases(out);
  add_heat_maps(out);
  add_spatial(out);
  return out;
}

}  // namespace fovea::testing
