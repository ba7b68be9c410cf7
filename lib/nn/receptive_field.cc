#include "nn/receptive_field.h"

#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "base/text.h"
#include "nn/layer_reader.h"

namespace fovea::nn {
namespace {

constexpr int64_t kMaxStride = int64_t{1} << 30;  // wider than any picture; keeps products in 64 bits

struct Window {
  int64_t kernel = 1, stride = 1, dilation = 1, pad = 0;  // pad: before the first pixel
};

struct Windows {
  Window y, x;
};

int64_t whole_pad(double pad, const std::string& place) {
  if (!(pad >= 0 && pad <= 1024 && pad == static_cast<double>(static_cast<int64_t>(pad)))) {
    fail_data(place + ": pad", "0..1024", format_number(pad));
  }
  return static_cast<int64_t>(pad);
}

Windows windows_of(const NetText& net, const LayerLine& line) {
  LayerReader reader(net, line);
  const auto [kernel_y, kernel_x] = reader.extents("kernel", 1, 1024, 0);
  const auto [stride_y, stride_x] = reader.extents("stride", 1, 1024, 1);
  const auto [dilation_y, dilation_x] = reader.extents("dilation", 1, 1024, 1);
  Windows windows{{kernel_y, stride_y, dilation_y, 0}, {kernel_x, stride_x, dilation_x, 0}};
  if (reader.text("pad", "0") == "same") {
    windows.y.pad = windows.y.dilation * (windows.y.kernel - 1) / 2;
    windows.x.pad = windows.x.dilation * (windows.x.kernel - 1) / 2;
    return windows;
  }
  const std::string place = reader.place() + ": " + line.name;
  const auto pads = reader.numbers("pad");  // N, or top, bottom, left, right
  if (!pads.empty()) windows.y.pad = windows.x.pad = whole_pad(pads[0], place);
  if (pads.size() == 4) windows.x.pad = whole_pad(pads[2], place);
  return windows;
}

AxisField widened(const AxisField& below, const Window& window, const std::string& place) {
  const int64_t reach = (window.kernel - 1) * window.dilation - window.pad;
  AxisField above{below.low - below.stride * window.pad, below.high + below.stride * reach,
                  below.stride * window.stride};
  if (above.stride > kMaxStride) fail_data(place, "strides of at most 2^30 in all", std::to_string(above.stride));
  return above;
}

AxisField joined(const AxisField& a, const AxisField& b, const std::string& place) {
  if (a.stride != b.stride) fail_data(place, "inputs of one stride", fmt::format("{} and {}", a.stride, b.stride));
  return {std::min(a.low, b.low), std::max(a.high, b.high), a.stride};
}

using Fields = std::unordered_map<std::string, std::optional<ReceptiveField>>;

std::optional<ReceptiveField> field_of(const NetText& net, const LayerLine& line, const Fields& fields) {
  if (line.kind == "input") return ReceptiveField{};
  for (const char* kind : {"dense", "global_avg_pool", "flatten", "deconv", "upsample", "lcn"}) {
    if (line.kind == kind) return std::nullopt;
  }
  const std::string place = fmt::format("{}:{}: {}", net.origin, line.line, line.name);
  std::optional<ReceptiveField> field;
  for (const std::string& input : line.inputs) {
    const auto& below = fields.at(input);
    if (!below) return std::nullopt;
    field = field ? ReceptiveField{joined(field->y, below->y, place), joined(field->x, below->x, place)} : *below;
  }
  if (field && line.kind == "reflect_pad") {
    const auto margins = LayerReader(net, line).margins("pad");
    return ReceptiveField{widened(field->y, {.pad = margins[0]}, place), widened(field->x, {.pad = margins[2]}, place)};
  }
  if (!field || (line.kind != "conv" && line.kind != "max_pool" && line.kind != "avg_pool")) return field;
  const Windows windows = windows_of(net, line);
  return ReceptiveField{widened(field->y, windows.y, place), widened(field->x, windows.x, place)};
}

}  // namespace

std::optional<ReceptiveField> receptive_field(const NetText& net, const std::string& layer) {
  Fields fields;
  for (const LayerLine& line : net.layers) {
    const auto field = field_of(net, line, fields);
    if (line.name == layer) return field;
    fields.emplace(line.name, field);
  }
  fail(ErrorKind::kUsage, "receptive field: expected a layer of {}, found '{}'", net.origin, printable(layer));
}

}  // namespace fovea::nn
