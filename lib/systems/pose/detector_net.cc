#include "systems/pose/detector_net.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/text.h"
#include "nn/rewrite.h"

namespace fovea::pose {
namespace {

using nn::LayerLine;
using nn::NetText;

LayerLine* find(NetText& net, const std::string& name) {
  const auto at =
      std::find_if(net.layers.begin(), net.layers.end(), [&](const LayerLine& line) { return line.name == name; });
  return at == net.layers.end() ? nullptr : &*at;
}

LayerLine& require(NetText& net, const std::string& name) {
  LayerLine* line = find(net, name);
  if (line == nullptr)
    fail_data(net.origin, "a part detector with the layer " + name, "none", "see share/models/pose-detector.net");
  return *line;
}

LayerLine make_line(const std::string& kind, const std::string& name, std::vector<std::string> inputs) {
  LayerLine line;
  line.kind = kind;
  line.name = name;
  line.inputs = std::move(inputs);
  return line;
}

void insert_before(NetText& net, const std::string& name, LayerLine line) {
  const auto at =
      std::find_if(net.layers.begin(), net.layers.end(), [&](const LayerLine& other) { return other.name == name; });
  net.layers.insert(at, std::move(line));
}

void replace_input(NetText& net, const std::string& from, const std::string& to) {
  for (LayerLine& line : net.layers) std::replace(line.inputs.begin(), line.inputs.end(), from, to);
}

void erase(NetText& net, const std::string& name) {
  std::erase_if(net.layers, [&](const LayerLine& line) { return line.name == name; });
}

std::vector<std::string> banks_of(const NetText& net) {
  std::vector<std::string> banks;
  for (const char* bank : {"fine", "coarse", "third"}) {
    if (net.find(std::string(bank) + "/conv4") != nullptr) banks.emplace_back(bank);
  }
  return banks;
}

void scale_channels(NetText& net, double share) {
  for (LayerLine& line : net.layers) {
    if (line.kind != "conv" || line.name == "head/conv2") continue;
    const auto channels = static_cast<double>(parse_int(*line.find("out")).value_or(0));
    line.set("out", std::to_string(std::max<int64_t>(1, std::llround(channels * share))));
  }
}

// One ReLU behind the sum, none in the banks.
void sum_before_relu(NetText& net) {
  const auto banks = banks_of(net);
  if (banks.size() < 2) return;
  for (const auto& bank : banks) {
    replace_input(net, bank + "/relu4", bank + "/conv4");
    erase(net, bank + "/relu4");
  }
  replace_input(net, "merge", "merge/relu");
  insert_before(net, "head/drop1", make_line("relu", "merge/relu", {"merge"}));
}

// The coarse bank at every second of its positions: the second pool keeps all positions, what follows is dilated, and
// windows start one pixel earlier. Equal to four passes over shifted pictures, interleaved.
void interleave(NetText& net) {
  require(net, "coarse/conv1").set("pad", "31");
  require(net, "coarse/pool2").set("stride", "1");
  require(net, "coarse/conv3").set("dilation", "2");
  require(net, "coarse/conv4").set("dilation", "2");
  require(net, "coarse/up").set("factor", "1");
}

void add_torso(NetText& net) {
  insert_before(net, net.layers[1].name, make_line("slice", "picture", {"data"}));
  LayerLine& picture = require(net, "picture");
  picture.set("from", "0");
  picture.set("to", "3");
  for (LayerLine& line : net.layers) {
    if (&line != &require(net, "picture"))
      std::replace(line.inputs.begin(), line.inputs.end(), std::string("data"), std::string("picture"));
  }
  const std::string features = require(net, "head/drop1").inputs.at(0);
  LayerLine torso = make_line("slice", "torso", {"data"}), cells = make_line("avg_pool", "torso/cells", {"torso"});
  torso.set("from", "3");
  torso.set("to", "4");
  cells.set("kernel", "4");
  cells.set("stride", "4");
  insert_before(net, "head/drop1", torso);
  insert_before(net, "head/drop1", cells);
  // Behind the dropout, so that the hint is never dropped.
  const std::string user = "head/conv1";
  insert_before(net, user, make_line("concat", "head/with_torso", {require(net, user).inputs.at(0), "torso/cells"}));
  require(net, user).inputs = {"head/with_torso"};
}

}  // namespace

int64_t input_multiple(const NetText& net) { return int64_t{4} << (std::max<size_t>(1, banks_of(net).size()) - 1); }

NetText detector_net(const NetText& base, const DetectorVariant& variant) {
  NetText net = base;
  require(net, "fine/conv4");
  require(net, "head/conv1");
  const int64_t multiple = input_multiple(net);
  if (variant.height % multiple != 0 || variant.width % multiple != 0) {
    fail(ErrorKind::kUsage, "--input: expected multiples of {} for {}, found {}x{}", multiple, base.origin,
         variant.height, variant.width);
  }
  scale_channels(net, variant.channel_share);
  if (variant.merge == "sum-relu") sum_before_relu(net);
  if (variant.coarse == "interleave" && find(net, "coarse/conv4") != nullptr) interleave(net);
  if (variant.head == "9x9") {
    for (const char* name : {"head/conv1", "head/conv2"}) {
      require(net, name).set("kernel", "9");
      require(net, name).set("pad", "same");
    }
  }
  for (LayerLine& line : net.layers) {
    if (line.kind == "lcn") line.set("floor", variant.floor);
    if (line.kind == "dropout") line.set("kind", variant.dropout_kind);
  }
  net = nn::with_dropout(net, variant.dropout);
  if (variant.torso_input) {
    if (find(net, "head/drop1") == nullptr) fail(ErrorKind::kUsage, "--torso detector: needs --dropout above 0");
    add_torso(net);
  }
  if (variant.batch_norm) net = nn::with_batch_norm(net, nn::BatchNormPosition::kBefore);
  net =
      nn::with_classes(nn::with_input(net, variant.height, variant.width, variant.torso_input ? 4 : 3), variant.joints);
  nn::check_graph(net);
  return nn::parse_net(nn::print_net(net), base.origin);
}

}  // namespace fovea::pose
