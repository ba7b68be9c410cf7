// Variants of a network text, so that one .net file serves every recipe of the Batch Normalization paper: each function
// returns the rewritten text, which is what the checkpoint then stores.
#pragma once

#include <string>

#include "nn/net_text.h"

namespace fovea::nn {

// Removes every batch_norm; the layer with weights (conv, deconv, dense) before it gets its bias back.
NetText without_batch_norm(const NetText& net);

enum class BatchNormPosition { kBefore, kAfter };
// Puts a batch_norm before (spec section 4) or after each non-linearity that follows a conv or dense layer. Before: the
// layer loses its bias, which the mean subtraction would cancel. Existing batch_norm layers are removed first.
NetText with_batch_norm(const NetText& net, BatchNormPosition position);

// Keeps a bias in the layers before a batch_norm (naive mode, and its comparison run).
NetText with_bias_before_batch_norm(const NetText& net);

// Replaces every relu, sigmoid and tanh by `kind`.
NetText with_activation(const NetText& net, const std::string& kind);

// Sets the rate of all dropout layers; 0 removes them. Without any, one is put before the output layer.
NetText with_dropout(const NetText& net, double rate);

// false: removes all lrn layers. true: puts one behind the first max pool and one before the second, as in GoogLeNet,
// unless the net has some already.
NetText with_lrn(const NetText& net, bool on);

// init=TEXT for all layers with weights.
NetText with_initializer(const NetText& net, const std::string& text);

// The last `count` batch_norm layers get statistics per activation (spec section 1).
NetText with_per_activation(const NetText& net, int count);

// The last conv or dense layer gets `classes` outputs. Throws Error(kData) if the net has no such layer.
NetText with_classes(const NetText& net, int64_t classes);

// Input line height, width, channels. Per-channel mean and std lists of another length are averaged.
NetText with_input(const NetText& net, int64_t height, int64_t width, int64_t channels);

}  // namespace fovea::nn
