#include "systems/advgen/gat_losses.h"

#include "autograd/ops/arithmetic.h"
#include "autograd/ops/shape.h"
#include "autograd/ops/softmax_loss.h"

namespace fovea::advgen {
namespace {

Tensor stacked(const Tensor& a, const Tensor& b) {
  Shape shape = a.shape();
  shape[0] = a.extent(0) + b.extent(0);
  Tensor out = Tensor::empty(shape, a.dtype());
  out.rows(0, a.extent(0)).copy_from(a);
  out.rows(a.extent(0), shape[0]).copy_from(b);
  return out;
}

}  // namespace

Var generator_loss(const Victim& victim, const Var& x_adv, const Var& delta, std::span<const int32_t> labels,
                   const GeneratorObjective& objective, double cost) {
  const double images = static_cast<double>(delta.extent(0));
  const Var losses = ops::logit_loss(victim.logits(x_adv), labels, objective.loss, objective.kappa);
  Var fooling = ops::scale(ops::sum(losses), objective.sign / images);
  if (cost == 0) return fooling;
  return ops::add(fooling, ops::scale(ops::sum(ops::multiply(delta, delta)), cost / images));
}

ClassifierLoss classifier_loss(const Victim& victim, const Tensor& x, const Tensor& x_adv,
                               std::span<const int32_t> labels, double alpha, BatchNormSharing sharing,
                               const nn::PassContext& context) {
  ClassifierLoss out;
  if (alpha == 0 || alpha == 1) {
    const Var logits = victim.logits(Var(alpha == 1 ? x : x_adv), context);
    (alpha == 1 ? out.clean_logits : out.adversarial_logits) = logits.value();
    out.loss = ops::softmax_cross_entropy(logits, labels);
    return out;
  }
  const int64_t batch = x.extent(0);
  Var clean, adversarial;
  if (sharing == BatchNormSharing::kJoint) {
    const Var both = victim.logits(Var(stacked(x, x_adv)), context);
    clean = ops::slice_rows(both, 0, batch);
    adversarial = ops::slice_rows(both, batch, 2 * batch);
  } else {
    nn::PassContext second = context;
    second.update_running = context.update_running && sharing == BatchNormSharing::kSeparate;
    clean = victim.logits(Var(x), context);
    adversarial = victim.logits(Var(x_adv), second);
  }
  out.clean_logits = clean.value();
  out.adversarial_logits = adversarial.value();
  out.loss = ops::add(ops::scale(ops::softmax_cross_entropy(clean, labels), alpha),
                      ops::scale(ops::softmax_cross_entropy(adversarial, labels), 1 - alpha));
  return out;
}

}  // namespace fovea::advgen
