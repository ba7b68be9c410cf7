#include "io/adversarial_file.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "io/checks.h"
#include "io/h5_reader.h"

namespace fovea::io {
namespace {

constexpr const char* kSchema = "fovea.adversarial";
constexpr const char* kPixelAxes = "image,y,x,channel";

RootAttributes with_schema(RootAttributes root) {
  root.schema = kSchema;
  return root;
}

// Bytes or floats, as 0..1.
std::vector<float> read_pixels(const H5Reader& reader, const std::string& name, const std::vector<int64_t>& extents) {
  if (!reader.has(name)) return {};
  if (reader.extents(name) != extents)
    fail_data(reader.place(name), "the extents of adversarial", reader.describe(name));
  if (reader.type(name) == ElementType::kF32) return reader.read<float>(name);
  std::vector<float> out;
  for (const uint8_t level : reader.read<uint8_t>(name)) out.push_back(static_cast<float>(level) / 255.0F);
  return out;
}

template <typename T>
std::vector<T> optional_values(const H5Reader& reader, const std::string& name) {
  return reader.has(name) ? reader.read<T>(name) : std::vector<T>{};
}

}  // namespace

struct AdversarialWriter::State {
  State(const std::string& target, RootAttributes root, AdversarialLayout given, WriterOptions options)
      : layout(std::move(given)), writer(target, with_schema(std::move(root)), options) {
    const std::array<int64_t, 3> item{layout.height, layout.width, layout.channels};
    for (const char* name : {"original", "adversarial"}) writer.create_rows(name, ElementType::kF32, item, kPixelAxes);
    for (const char* name : {"label", "prediction_before", "prediction_after"}) {
      writer.create_rows(name, ElementType::kI32, {}, "image");
    }
    if (layout.targets) writer.create_rows("target", ElementType::kI32, {}, "image");
    for (const char* name : {"confidence_before", "confidence_after", "linf", "l2"}) {
      writer.create_rows(name, ElementType::kF32, {}, "image");
    }
  }

  AdversarialLayout layout;
  H5Writer writer;
  std::vector<std::string> ids;
};

AdversarialWriter::AdversarialWriter(const std::string& target, RootAttributes root, AdversarialLayout layout,
                                     WriterOptions options)
    : state_(std::make_unique<State>(target, std::move(root), std::move(layout), options)) {}
AdversarialWriter::~AdversarialWriter() = default;
AdversarialWriter::AdversarialWriter(AdversarialWriter&&) noexcept = default;
AdversarialWriter& AdversarialWriter::operator=(AdversarialWriter&&) noexcept = default;

void AdversarialWriter::add(const AdversarialRows& rows) {
  H5Writer& writer = state_->writer;
  const auto count = static_cast<int64_t>(rows.id.size());
  state_->ids.insert(state_->ids.end(), rows.id.begin(), rows.id.end());
  writer.append_rows<float>("original", count, rows.original);
  writer.append_rows<float>("adversarial", count, rows.adversarial);
  writer.append_rows<int32_t>("label", count, rows.label);
  if (state_->layout.targets) writer.append_rows<int32_t>("target", count, rows.target);
  writer.append_rows<int32_t>("prediction_before", count, rows.prediction_before);
  writer.append_rows<int32_t>("prediction_after", count, rows.prediction_after);
  writer.append_rows<float>("confidence_before", count, rows.confidence_before);
  writer.append_rows<float>("confidence_after", count, rows.confidence_after);
  writer.append_rows<float>("linf", count, rows.linf);
  writer.append_rows<float>("l2", count, rows.l2);
}

std::string AdversarialWriter::finish() {
  H5Writer& writer = state_->writer;
  const AdversarialLayout& layout = state_->layout;
  writer.write_strings("id", state_->ids, "image");
  if (!layout.label_set.empty()) writer.write_strings("label_set", layout.label_set, "class");
  writer.set_attribute("/", "attack", layout.attack);
  writer.set_attribute("/", "epsilon", layout.epsilon);
  writer.set_attribute("/", "norm", layout.norm);
  writer.set_attribute("/", "value_range", std::vector<int32_t>{0, 1});
  writer.set_attribute("/", "victim_hash", layout.victim_hash);
  return writer.finish();
}

AdversarialSet read_adversarial(const std::string& path) {
  const H5Reader reader = H5Reader::open(path, kSchema);
  AdversarialSet set;
  const std::vector<int64_t> extents = reader.extents("adversarial");
  set.layout.height = extents[1];
  set.layout.width = extents[2];
  set.layout.channels = extents[3];
  set.layout.attack = reader.attribute_text("/", "attack");
  set.layout.norm = reader.attribute_text("/", "norm");
  set.layout.epsilon = reader.attribute_double("/", "epsilon");
  set.layout.victim_hash = reader.attribute_text("/", "victim_hash");
  set.id = reader.read_strings("id");
  if (reader.has("label_set")) set.layout.label_set = reader.read_strings("label_set");
  set.label = reader.read<int32_t>("label");
  set.target = optional_values<int32_t>(reader, "target");
  set.layout.targets = !set.target.empty();
  set.adversarial = read_pixels(reader, "adversarial", extents);
  set.original = read_pixels(reader, "original", extents);
  check_finite<float>(set.adversarial, extents, reader.place("adversarial"));
  if (!set.original.empty()) check_finite<float>(set.original, extents, reader.place("original"));
  set.prediction_before = optional_values<int32_t>(reader, "prediction_before");
  set.prediction_after = optional_values<int32_t>(reader, "prediction_after");
  set.confidence_before = optional_values<float>(reader, "confidence_before");
  set.confidence_after = optional_values<float>(reader, "confidence_after");
  set.linf = optional_values<float>(reader, "linf");
  set.l2 = optional_values<float>(reader, "l2");
  return set;
}

}  // namespace fovea::io
