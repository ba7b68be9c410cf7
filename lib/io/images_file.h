// fovea.images: image sets with labels, objects and captions. fovea.adversarial opens as a labelled image set too.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/h5_writer.h"
#include "io/root_attributes.h"

namespace fovea::io {

// Everything about a set but its pixels. Empty vectors = the part is absent, unless said otherwise.
struct ImageSet {
  std::vector<std::string> ids;    // N, unique
  std::vector<std::string> paths;  // N, relative to root_hint
  std::string root_hint;
  std::vector<int32_t> sizes;          // N x (height, width)
  std::vector<int32_t> labels;         // N, -1 = unknown
  std::vector<std::string> label_set;  // K
  std::vector<std::string> splits;     // N
  std::string channel_order = "RGB";

  bool has_objects = false;
  std::vector<int64_t> object_offsets;    // N+1
  std::vector<float> object_boxes;        // R x 4, xyxy_inclusive_0based
  std::vector<int32_t> object_classes;    // R, index in label_set
  std::vector<uint8_t> object_difficult;  // R, may be absent
  std::vector<uint8_t> object_truncated;  // R, may be absent

  bool has_captions = false;
  std::vector<int64_t> caption_offsets;  // N+1
  std::vector<std::string> captions;

  int64_t count() const { return static_cast<int64_t>(ids.size()); }
};

enum class PixelStorage {
  kNone,     // only paths
  kRaw,      // uint8 [N,H,W,C]
  kFloat,    // float32 [N,H,W,C] in 0..1 (adversarial sets)
  kEncoded,  // JPEG or PNG bytes
};

// Random access to the images of a file; pixels are read when asked for.
class ImagesReader {
 public:
  // Accepts fovea.images and fovea.adversarial; checks offsets, labels, ids. Throws Error(kData).
  explicit ImagesReader(const std::string& path);
  ~ImagesReader();
  ImagesReader(ImagesReader&&) noexcept;
  ImagesReader& operator=(ImagesReader&&) noexcept;

  const std::string& path() const;
  const RootAttributes& attributes() const;
  const ImageSet& set() const;
  int64_t count() const;
  PixelStorage storage() const;
  int64_t height() const;  // of kRaw and kFloat sets, else 0
  int64_t width() const;
  int64_t channels() const;

  // Images [begin, end), [end-begin,H,W,C]. REQUIRES kRaw.
  void read_pixels(int64_t begin, int64_t end, std::span<uint8_t> out) const;
  // The same in the scale 0..255 for kRaw and kFloat.
  void read_pixels(int64_t begin, int64_t end, std::span<float> out) const;
  std::vector<uint8_t> read_all_pixels() const;           // REQUIRES kRaw; bounded by max_memory()
  std::vector<float> read_all_float_pixels() const;       // REQUIRES kRaw or kFloat
  std::vector<uint8_t> read_encoded(int64_t item) const;  // REQUIRES kEncoded

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Which optional parts a new file has, fixed before the first image.
struct ImagesLayout {
  PixelStorage storage = PixelStorage::kNone;   // kFloat is not offered
  int64_t height = 0, width = 0, channels = 0;  // kRaw only
  bool paths = false, labels = false, splits = false, objects = false, difficult = false, truncated = false,
       captions = false;
  std::vector<std::string> label_set;  // written if not empty
  std::string root_hint;               // written if paths
  std::string channel_order = "RGB";
};

struct ImageObject {
  float x1 = 0, y1 = 0, x2 = 0, y2 = 0;  // xyxy_inclusive_0based
  int32_t class_index = 0;
  bool difficult = false;
  bool truncated = false;
};

struct ImageRecord {
  std::string id, path, split;
  int32_t height = 0, width = 0;
  int32_t label = -1;
  std::span<const uint8_t> pixels;   // [H,W,C] for kRaw
  std::span<const uint8_t> encoded;  // for kEncoded
  std::vector<ImageObject> objects;
  std::vector<std::string> captions;
};

// Streaming writer. Throws Error(kData) for a repeated or empty id and a label or class outside the label set.
class ImagesWriter {
 public:
  // `root.schema` is set to fovea.images.
  ImagesWriter(const std::string& target, RootAttributes root, ImagesLayout layout, WriterOptions options = {});
  ~ImagesWriter();
  ImagesWriter(ImagesWriter&&) noexcept;
  ImagesWriter& operator=(ImagesWriter&&) noexcept;

  void add(const ImageRecord& record);
  int64_t count() const;
  int64_t count(std::string_view split) const;
  std::string finish();  // the content hash

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fovea::io
