#include "train/optimizer_state.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/text.h"

namespace fovea::train {

void store_optimizer(const nn::Optimizer& optimizer, double learning_rate, const std::string& schedule,
                     io::CheckpointData& data) {
  data.has_optimizer = true;
  data.optimizer_name = nn::optimizer_name(optimizer.config().kind);
  data.optimizer_step = optimizer.steps();
  data.learning_rate = learning_rate;
  data.schedule_json = io::canonical_json(io::Json(schedule));
  store_slots(optimizer, "", data);
}

void store_slots(const nn::Optimizer& optimizer, const std::string& prefix, io::CheckpointData& data) {
  for (const auto& slot : optimizer.slots()) {
    const auto extents = slot.value.shape().extents();
    const auto values = slot.value.span<float>();
    data.optimizer.push_back({slot.name,
                              prefix + slot.parameter->layer,
                              slot.parameter->name,
                              {extents.begin(), extents.end()},
                              {values.begin(), values.end()}});
  }
}

void restore_optimizer(nn::Optimizer& optimizer, const io::CheckpointData& data, const std::string& origin) {
  const std::string name = nn::optimizer_name(optimizer.config().kind);
  if (data.optimizer_name != name) fail_data(origin + ": optimizer", name, printable(data.optimizer_name));
  optimizer.set_steps(data.optimizer_step);
  restore_slots(optimizer, "", data, origin);
}

void restore_slots(nn::Optimizer& optimizer, const std::string& prefix, const io::CheckpointData& data,
                   const std::string& origin) {
  for (auto& slot : optimizer.slots()) {
    const std::string layer = prefix + slot.parameter->layer;
    const auto it = std::find_if(data.optimizer.begin(), data.optimizer.end(), [&](const io::NamedSlot& stored) {
      return stored.slot == slot.name && stored.layer == layer && stored.parameter == slot.parameter->name;
    });
    const std::string place = fmt::format("{}: optimizer/{}/{}/{}", origin, slot.name, layer, slot.parameter->name);
    if (it == data.optimizer.end()) fail_data(place, slot.value.shape().text(), "nothing");
    if (static_cast<int64_t>(it->values.size()) != slot.value.count()) {
      fail_data(place, slot.value.shape().text(), fmt::format("{} values", it->values.size()));
    }
    std::copy(it->values.begin(), it->values.end(), slot.value.span<float>().begin());
  }
}

bool parameters_are_finite(nn::Network& network) {
  for (const nn::Parameter* parameter : network.parameters()) {
    const auto values = parameter->var.value().span<float>();
    if (!std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); })) return false;
  }
  return true;
}

}  // namespace fovea::train
