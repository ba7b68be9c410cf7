#include "io/images_file.h"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_set>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/checks.h"
#include "io/h5_reader.h"

namespace fovea::io {
namespace {

constexpr const char* kImages = "fovea.images";
constexpr const char* kAdversarial = "fovea.adversarial";

H5Reader open_images(const std::string& path) {
  H5Reader reader(path);
  const bool adversarial = reader.has_attribute("/", "schema") && reader.attribute_text("/", "schema") == kAdversarial;
  reader.require_schema(adversarial ? kAdversarial : kImages);
  return reader;
}

std::vector<std::string> optional_strings(const H5Reader& reader, const std::string& name) {
  return reader.has(name) ? reader.read_strings(name) : std::vector<std::string>{};
}

}  // namespace

struct ImagesReader::State {
  explicit State(const std::string& path) : reader(open_images(path)) {
    adversarial = reader.attributes().schema == kAdversarial;
    set.ids = reader.read_strings("id");
    check_unique(set.ids, reader.place("id"));
    set.paths = optional_strings(reader, "path");
    set.splits = optional_strings(reader, "split");
    set.label_set = optional_strings(reader, "label_set");
    if (reader.has_attribute("/", "root_hint")) set.root_hint = reader.attribute_text("/", "root_hint");
    if (reader.has_attribute("/", "channel_order")) set.channel_order = reader.attribute_text("/", "channel_order");
    read_labels();
    find_pixels();
    read_sizes();
    read_objects();
    if (reader.has("captions/offsets")) {
      set.has_captions = true;
      set.captions = reader.read_strings("captions/text");
      set.caption_offsets = read_offsets("captions/offsets", static_cast<int64_t>(set.captions.size()));
    }
  }

  H5Reader reader;
  ImageSet set;
  bool adversarial = false;
  PixelStorage storage = PixelStorage::kNone;
  std::string pixels;                // dataset
  std::array<int64_t, 3> extents{};  // H, W, C
  std::vector<int64_t> encoded;      // offsets

  std::vector<int64_t> read_offsets(const std::string& name, int64_t last) const {
    std::vector<int64_t> offsets = reader.read<int64_t>(name);
    check_offsets(offsets, last, reader.place(name));
    return offsets;
  }

  int64_t classes() const { return set.label_set.empty() ? -1 : static_cast<int64_t>(set.label_set.size()); }

  void read_labels() {
    if (!reader.has("label")) return;
    set.labels = reader.read<int32_t>("label");
    check_range<int32_t>(set.labels, -1, classes(), reader.place("label"));
  }

  void find_pixels() {
    pixels = adversarial ? "adversarial" : "pixels";
    if (reader.has(pixels)) {
      const std::vector<int64_t> found = reader.extents(pixels);
      std::copy(found.begin() + 1, found.end(), extents.begin());
      storage = reader.type(pixels) == ElementType::kF32 ? PixelStorage::kFloat : PixelStorage::kRaw;
    } else if (reader.has("encoded/offsets")) {
      storage = PixelStorage::kEncoded;
      encoded = read_offsets("encoded/offsets", reader.extents("encoded/values")[0]);
    }
  }

  void read_sizes() {
    if (reader.has("size")) {
      set.sizes = reader.read<int32_t>("size");
      check_range<int32_t>(set.sizes, 0, -1, reader.place("size"));
      return;
    }
    for (int64_t i = 0; i < set.count(); ++i) {
      set.sizes.push_back(static_cast<int32_t>(extents[0]));
      set.sizes.push_back(static_cast<int32_t>(extents[1]));
    }
  }

  void read_objects() {
    if (!reader.has("objects/offsets")) return;
    for (const char* part : {"objects/box", "objects/class"}) {
      if (!reader.has(part)) fail_data(reader.place(part), "a dataset", "nothing");
    }
    set.has_objects = true;
    set.object_boxes = reader.read<float>("objects/box");
    check_finite<float>(set.object_boxes, std::array<int64_t, 2>{-1, 4}, reader.place("objects/box"));
    set.object_classes = reader.read<int32_t>("objects/class");
    check_range<int32_t>(set.object_classes, 0, classes(), reader.place("objects/class"));
    if (reader.has("objects/difficult")) set.object_difficult = reader.read<uint8_t>("objects/difficult");
    if (reader.has("objects/truncated")) set.object_truncated = reader.read<uint8_t>("objects/truncated");
    set.object_offsets = read_offsets("objects/offsets", static_cast<int64_t>(set.object_classes.size()));
  }

  int64_t item_values() const { return extents[0] * extents[1] * extents[2]; }
  void require(bool condition, std::string_view expected) const {
    if (!condition) {
      fail_data(reader.path(), expected,
                storage == PixelStorage::kNone      ? "a set without pixels"
                : storage == PixelStorage::kEncoded ? "encoded images"
                : storage == PixelStorage::kFloat   ? "float32 pixels"
                                                    : "uint8 pixels");
    }
  }
};

ImagesReader::ImagesReader(const std::string& path) : state_(std::make_unique<State>(path)) {}
ImagesReader::~ImagesReader() = default;
ImagesReader::ImagesReader(ImagesReader&&) noexcept = default;
ImagesReader& ImagesReader::operator=(ImagesReader&&) noexcept = default;

const std::string& ImagesReader::path() const { return state_->reader.path(); }
const RootAttributes& ImagesReader::attributes() const { return state_->reader.attributes(); }
const ImageSet& ImagesReader::set() const { return state_->set; }
int64_t ImagesReader::count() const { return state_->set.count(); }
PixelStorage ImagesReader::storage() const { return state_->storage; }
int64_t ImagesReader::height() const { return state_->extents[0]; }
int64_t ImagesReader::width() const { return state_->extents[1]; }
int64_t ImagesReader::channels() const { return state_->extents[2]; }

void ImagesReader::read_pixels(int64_t begin, int64_t end, std::span<uint8_t> out) const {
  state_->require(storage() == PixelStorage::kRaw, "uint8 pixels");
  state_->reader.read_rows<uint8_t>(state_->pixels, begin, end, out);
}

void ImagesReader::read_pixels(int64_t begin, int64_t end, std::span<float> out) const {
  state_->require(storage() == PixelStorage::kRaw || storage() == PixelStorage::kFloat, "pixels");
  if (storage() == PixelStorage::kRaw) {
    std::vector<uint8_t> bytes(out.size());
    read_pixels(begin, end, bytes);
    std::transform(bytes.begin(), bytes.end(), out.begin(), [](uint8_t value) { return static_cast<float>(value); });
    return;
  }
  state_->reader.read_rows<float>(state_->pixels, begin, end, out);
  check_finite<float>(out, std::array<int64_t, 4>{-1, height(), width(), channels()},
                      state_->reader.place(state_->pixels), begin);
  for (float& value : out) value *= 255.0f;
}

std::vector<uint8_t> ImagesReader::read_all_pixels() const {
  state_->require(storage() == PixelStorage::kRaw, "uint8 pixels");
  return state_->reader.read<uint8_t>(state_->pixels);
}

std::vector<float> ImagesReader::read_all_float_pixels() const {
  state_->require(storage() == PixelStorage::kRaw || storage() == PixelStorage::kFloat, "pixels");
  state_->reader.require_stored(state_->pixels);
  const std::string place = state_->reader.place(state_->pixels);
  // uint8 pixels are held beside their float copies for a moment.
  require_memory(checked_multiply(checked_multiply(state_->item_values(), count(), place), 5, place), place);
  std::vector<float> values(static_cast<size_t>(state_->item_values() * count()));
  read_pixels(0, count(), values);
  return values;
}

std::vector<uint8_t> ImagesReader::read_encoded(int64_t item) const {
  state_->require(storage() == PixelStorage::kEncoded, "encoded images");
  FOVEA_CHECK(item >= 0 && item < count(), "image {} of {}", item, count());
  const int64_t begin = state_->encoded[static_cast<size_t>(item)],
                end = state_->encoded[static_cast<size_t>(item) + 1];
  require_memory(end - begin, state_->reader.place("encoded/values"));
  std::vector<uint8_t> bytes(static_cast<size_t>(end - begin));
  state_->reader.read_rows<uint8_t>("encoded/values", begin, end, bytes);
  return bytes;
}

struct ImagesWriter::State {
  State(const std::string& name, RootAttributes root, ImagesLayout given, WriterOptions options)
      : target(name), layout(std::move(given)), writer(name, with_schema(std::move(root)), options) {
    FOVEA_CHECK(layout.storage != PixelStorage::kFloat, "image sets hold uint8 pixels");
    writer.create_rows("size", ElementType::kI32, std::array<int64_t, 1>{2}, "image,(height,width)");
    const std::span<const int64_t> plain;
    if (layout.labels) writer.create_rows("label", ElementType::kI32, plain, "image");
    if (layout.storage == PixelStorage::kRaw) {
      writer.create_rows("pixels", ElementType::kU8,
                         std::array<int64_t, 3>{layout.height, layout.width, layout.channels}, "image,y,x,channel");
    } else if (layout.storage == PixelStorage::kEncoded) {
      start_offsets("encoded/offsets", encoded_end);
      writer.create_rows("encoded/values", ElementType::kU8, plain, "byte");
    }
    if (layout.objects) {
      start_offsets("objects/offsets", objects_end);
      writer.create_rows("objects/box", ElementType::kF32, std::array<int64_t, 1>{4}, "object,(x1,y1,x2,y2)");
      writer.create_rows("objects/class", ElementType::kI32, plain, "object");
      if (layout.difficult) writer.create_rows("objects/difficult", ElementType::kU8, plain, "object");
      if (layout.truncated) writer.create_rows("objects/truncated", ElementType::kU8, plain, "object");
    }
    if (layout.captions) start_offsets("captions/offsets", 0);
  }

  std::string target;
  ImagesLayout layout;
  H5Writer writer;
  std::vector<std::string> ids, paths, splits, captions;
  std::unordered_set<std::string> seen;
  int64_t encoded_end = 0, objects_end = 0;

  static RootAttributes with_schema(RootAttributes root) {
    root.schema = kImages;
    return root;
  }
  void start_offsets(const std::string& name, int64_t first) {
    writer.create_rows(name, ElementType::kI64, {}, "image");
    push<int64_t>(name, first);
  }
  template <typename T>
  void push(const std::string& name, T value) {
    writer.append_rows<T>(name, 1, std::array<T, 1>{value});
  }

  void require_class(int32_t value, int32_t low, std::string_view what) const {
    const int64_t high = static_cast<int64_t>(layout.label_set.size());
    if (value >= low && (high == 0 || value < high)) return;
    const std::string expected = high == 0 ? fmt::format(">= {}", low) : fmt::format("{}..{}", low, high - 1);
    fail_data(fmt::format("{}: {}[{}]", target, what, ids.size()), expected, std::to_string(value));
  }

  void add_objects(const std::vector<ImageObject>& objects) {
    for (const ImageObject& object : objects) {
      require_class(object.class_index, 0, "objects/class");
      writer.append_rows<float>("objects/box", 1, std::array<float, 4>{object.x1, object.y1, object.x2, object.y2});
      push<int32_t>("objects/class", object.class_index);
      if (layout.difficult) push<uint8_t>("objects/difficult", object.difficult ? 1 : 0);
      if (layout.truncated) push<uint8_t>("objects/truncated", object.truncated ? 1 : 0);
    }
    objects_end += static_cast<int64_t>(objects.size());
    push<int64_t>("objects/offsets", objects_end);
  }

  void add(const ImageRecord& record) {
    if (record.id.empty()) fail_data(fmt::format("{}: id[{}]", target, ids.size()), "a name", "nothing");
    if (!seen.insert(record.id).second) {
      fail_data(fmt::format("{}: id[{}]", target, ids.size()), "unique names",
                "\"" + printable(record.id) + "\" again");
    }
    if (layout.labels) {
      require_class(record.label, -1, "label");
      push<int32_t>("label", record.label);
    }
    writer.append_rows<int32_t>("size", 1, std::array<int32_t, 2>{record.height, record.width});
    if (layout.storage == PixelStorage::kRaw) {
      writer.append_rows<uint8_t>("pixels", 1, record.pixels);
    } else if (layout.storage == PixelStorage::kEncoded) {
      const int64_t bytes = static_cast<int64_t>(record.encoded.size());
      writer.append_rows<uint8_t>("encoded/values", bytes, record.encoded);
      encoded_end += bytes;
      push<int64_t>("encoded/offsets", encoded_end);
    }
    if (layout.objects) add_objects(record.objects);
    if (layout.captions) {
      captions.insert(captions.end(), record.captions.begin(), record.captions.end());
      push<int64_t>("captions/offsets", static_cast<int64_t>(captions.size()));
    }
    ids.push_back(record.id);
    if (layout.paths) paths.push_back(record.path);
    if (layout.splits) splits.push_back(record.split);
  }

  std::string finish() {
    writer.write_strings("id", ids, "image");
    if (layout.paths) {
      writer.write_strings("path", paths, "image");
      writer.set_attribute("/", "root_hint", layout.root_hint);
    }
    if (layout.splits) writer.write_strings("split", splits, "image");
    if (!layout.label_set.empty()) writer.write_strings("label_set", layout.label_set, "class");
    if (layout.captions) writer.write_strings("captions/text", captions, "caption");
    if (layout.objects) writer.set_attribute("objects/box", "box_convention", "xyxy_inclusive_0based");
    writer.set_attribute("/", "channel_order", layout.channel_order);
    return writer.finish();
  }
};

ImagesWriter::ImagesWriter(const std::string& target, RootAttributes root, ImagesLayout layout, WriterOptions options)
    : state_(std::make_unique<State>(target, std::move(root), std::move(layout), options)) {}
ImagesWriter::~ImagesWriter() = default;
ImagesWriter::ImagesWriter(ImagesWriter&&) noexcept = default;
ImagesWriter& ImagesWriter::operator=(ImagesWriter&&) noexcept = default;

void ImagesWriter::add(const ImageRecord& record) { state_->add(record); }
int64_t ImagesWriter::count() const { return static_cast<int64_t>(state_->ids.size()); }
int64_t ImagesWriter::count(std::string_view split) const {
  return std::count(state_->splits.begin(), state_->splits.end(), split);
}
std::string ImagesWriter::finish() { return state_->finish(); }

}  // namespace fovea::io
