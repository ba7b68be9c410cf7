// What training and evaluation read: labelled images with random access, and what a pixel becomes at the net's input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/pixel_set.h"
#include "io/picture.h"

namespace fovea::data {

enum class ResizeMode {
  kShorterSide,  // keep the aspect ratio, resize so that the shorter side is resize_side, then crop
  kStretch,      // whole picture to the net's size
};

// x = (pixel - mean) / stddev, pixel 0..255; with a threshold the pixel is first replaced by 1 (above it) or 0.
struct Preprocess {
  int64_t height = 0, width = 0, channels = 0;  // of the net's input; channels 1 or 3
  std::vector<float> mean = {}, stddev = {};    // one per channel in network order, or one for all, or empty (0 and 1)
  bool bgr = false;
  int threshold = -1;
  ResizeMode resize = ResizeMode::kShorterSide;
  // Shorter side before the crop. 0: the smallest size that covers the net's input (a picture of the net's size is then
  // taken as it is). For a net that is not square the side belongs to the net's shorter side and the rest follows.
  int64_t resize_side = 0;
};
// Throws Error(kUsage) unless the fields make sense together.
void check_preprocess(const Preprocess& preprocess);

// Pixels [H,W,C], C = 1 or 3 (RGB), that stay valid while `owner` (or, if null, the source) lives. Exactly one of
// `bytes` and `floats` is set: adversarial pictures are floats (scale 0..255), since rounding would undo small attacks.
struct PixelView {
  int64_t height = 0, width = 0, channels = 0;
  const uint8_t* bytes = nullptr;
  const float* floats = nullptr;
  std::shared_ptr<const void> owner = {};
};
PixelView view_of(const io::Picture& picture);  // valid while the picture lives

struct SourceOptions {
  std::string split = {};      // keep items of this split; empty: all
  int64_t limit = 0;           // keep the first `limit` items (after split); 0: all
  bool require_labels = true;  // every kept label in 0..K-1
  int64_t cache_bytes =
      int64_t{1} << 30;  // of decoded pictures, for sets stored as JPEG/PNG; also bounded by max_memory()
};

// Labelled images. Reads are thread-safe. Equal-sized pixels are loaded whole; `encoded` pictures stay in the file and
// are decoded on demand into a bounded cache.
class ImageSource {
 public:
  // fovea.images (pixels or encoded) or fovea.adversarial (its `adversarial` pictures); "-" = stdin.
  // Throws Error(kNoInput), (kData); (kUsage) for a split that does not exist, naming those that do.
  static ImageSource open(const std::string& path, const SourceOptions& options = {});
  // For tests and tools that already hold the pixels. Ids are "0", "1", ...; content_hash is over pixels and labels.
  static ImageSource from_pixels(PixelSet set, std::string name = "memory");
  // One item for each picture file, unlabelled (label -1), ids = paths. Missing files and files that are no pictures
  // fail here, damaged pixels when they are read. "-" = stdin.
  static ImageSource from_files(const std::vector<std::string>& paths);

  ImageSource(ImageSource&&) noexcept;
  ImageSource& operator=(ImageSource&&) noexcept;
  ~ImageSource();

  int64_t size() const;
  int32_t label(int64_t item) const;                  // -1 = unknown
  const std::vector<std::string>& label_set() const;  // may be empty
  const std::string& id(int64_t item) const;
  bool has_splits() const;
  const std::string& split(int64_t item) const;  // "" if the set has no splits
  // Throws Error(kData, "FILE: image ID: ...") for a corrupt encoded picture.
  PixelView pixels(int64_t item) const;
  // Size of one item without decoding it: (height, width).
  std::pair<int64_t, int64_t> size_of(int64_t item) const;
  // True if all items have one size; then height and width are it. channels() is 3 for sets of encoded pictures.
  bool equal_size() const;
  int64_t height() const;
  int64_t width() const;
  int64_t channels() const;
  const std::string& name() const;          // base name of the file, for `inputs`
  const std::string& content_hash() const;  // of the whole file, whatever the split
  const std::string& schema() const;        // "fovea.images", "fovea.adversarial", "" for memory

  // Some of the items, in this order; shares the pixels and the cache with this source.
  ImageSource subset(const std::vector<int64_t>& items) const;

  // Keeps only these items (indices of the present ones), in this order.
  void keep(const std::vector<int64_t>& items);
  // --skip-bad-images: decodes everything, drops what can't be decoded, returns "ID: reason" of each.
  std::vector<std::string> drop_bad_pictures();

 private:
  struct State;
  ImageSource(std::shared_ptr<State> state, std::vector<int64_t> items);
  int64_t stored(int64_t item) const;

  std::shared_ptr<State> state_;
  std::vector<int64_t> items_;
};

}  // namespace fovea::data
