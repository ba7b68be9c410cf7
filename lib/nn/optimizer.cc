#include "nn/optimizer.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/text.h"
#include "tensor/kernels/optimizer_kernels.h"

namespace fovea::nn {
namespace {

std::vector<std::string> slot_names(const OptimizerConfig& config) {
  switch (config.kind) {
    case OptimizerKind::kAdam:
      return {"m", "v"};
    case OptimizerKind::kRmsProp:
      if (config.momentum > 0) return {"cache", "momentum"};
      return {"cache"};
    case OptimizerKind::kRmsPropGraves:
      return {"cache", "mean", "momentum"};
    case OptimizerKind::kSgd:
    case OptimizerKind::kNesterov:
      if (config.momentum > 0) return {"momentum"};
      return {};
  }
  return {};
}

}  // namespace

const std::vector<std::string>& optimizer_names() {
  static const std::vector<std::string> names = {"sgd", "nesterov", "adam", "rmsprop", "rmsprop-graves"};
  return names;
}

OptimizerKind parse_optimizer(const std::string& name) {
  const auto& names = optimizer_names();
  const auto it = std::find(names.begin(), names.end(), name);
  if (it == names.end())
    fail(ErrorKind::kUsage, "--optimizer: expected {}, found '{}'", join(names, " | "), printable(name));
  return static_cast<OptimizerKind>(it - names.begin());
}

std::string optimizer_name(OptimizerKind kind) { return optimizer_names()[static_cast<size_t>(kind)]; }

Optimizer::Optimizer(std::vector<Parameter*> parameters, OptimizerConfig config)
    : parameters_(std::move(parameters)), config_(config) {
  const auto names = slot_names(config_);
  slots_per_parameter_ = names.size();
  for (Parameter* parameter : parameters_) {
    for (const auto& name : names) slots_.push_back({name, parameter, Tensor::zeros(parameter->var.shape())});
  }
}

void Optimizer::clip() {
  double squares = 0;
  for (Parameter* parameter : parameters_) {
    const Tensor& gradient = parameter->var.grad();
    if (gradient.defined()) squares += kernels::sum_of_squares(gradient.span<float>());
  }
  const double norm = std::sqrt(squares);
  if (!(norm > config_.clip_norm)) return;
  for (Parameter* parameter : parameters_) {
    Tensor& gradient = parameter->var.mutable_grad();
    if (gradient.defined()) kernels::scale_values(gradient.span<float>(), static_cast<float>(config_.clip_norm / norm));
  }
}

void Optimizer::update(size_t index, double learning_rate) {
  Parameter& parameter = *parameters_[index];
  const auto rate = static_cast<float>(learning_rate * parameter.learning_rate_scale);
  const auto decay = static_cast<float>(config_.weight_decay * parameter.decay_scale);
  const auto momentum = static_cast<float>(config_.momentum);
  const auto weight = parameter.var.mutable_value().span<float>();
  const std::span<const float> gradient = parameter.var.grad().span<float>();
  const auto slot = [&](size_t i) {
    return i < slots_per_parameter_ ? slots_[index * slots_per_parameter_ + i].value.span<float>() : std::span<float>();
  };
  switch (config_.kind) {
    case OptimizerKind::kSgd:
    case OptimizerKind::kNesterov:
      kernels::sgd_update(weight, gradient, slot(0), {rate, momentum, decay, config_.kind == OptimizerKind::kNesterov});
      return;
    case OptimizerKind::kAdam:
      kernels::adam_update(weight, gradient, slot(0), slot(1),
                           {rate, static_cast<float>(config_.beta1), static_cast<float>(config_.beta2),
                            static_cast<float>(config_.epsilon), decay, steps_, false});
      return;
    case OptimizerKind::kRmsProp:
      kernels::rmsprop_update(
          weight, gradient, slot(0), slot(1),
          {rate, static_cast<float>(config_.rho), static_cast<float>(config_.epsilon), momentum, decay});
      return;
    case OptimizerKind::kRmsPropGraves:
      kernels::rmsprop_graves_update(
          weight, gradient, slot(0), slot(1), slot(2),
          {rate, static_cast<float>(config_.rho), static_cast<float>(config_.epsilon), momentum, decay});
      return;
  }
}

void Optimizer::step(double learning_rate) {
  ++steps_;
  if (config_.clip_norm > 0) clip();
  for (size_t i = 0; i < parameters_.size(); ++i) {
    Parameter& parameter = *parameters_[i];
    if (parameter.var.needs_grad() && parameter.var.grad().defined()) update(i, learning_rate);
    parameter.var.clear_grad();
  }
}

}  // namespace fovea::nn
