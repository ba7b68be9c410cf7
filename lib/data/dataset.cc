#include "data/dataset.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numeric>
#include <optional>
#include <set>
#include <unordered_map>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/text.h"
#include "io/images_file.h"

namespace fovea::data {
namespace {

std::span<const std::byte> as_byte_span(const std::vector<uint8_t>& bytes) { return std::as_bytes(std::span(bytes)); }

// Decoded pictures by stored index. It fills up and then stays as it is: with every item read once an epoch, replacing
// the least recent one would never hit.
class DecodeCache {
 public:
  void set_limit(int64_t bytes) { limit_ = bytes; }
  std::shared_ptr<const io::Picture> find(int64_t stored) {
    const std::scoped_lock lock(mutex_);
    const auto found = pictures_.find(stored);
    return found == pictures_.end() ? nullptr : found->second;
  }
  void offer(int64_t stored, const std::shared_ptr<const io::Picture>& picture) {
    const std::scoped_lock lock(mutex_);
    const auto bytes = static_cast<int64_t>(picture->pixels.size());
    if (used_ + bytes > limit_) return;
    if (pictures_.emplace(stored, picture).second) used_ += bytes;
  }

 private:
  std::mutex mutex_;
  int64_t limit_ = 0, used_ = 0;
  std::unordered_map<int64_t, std::shared_ptr<const io::Picture>> pictures_;
};

}  // namespace

PixelView view_of(const io::Picture& picture) {
  return {picture.height, picture.width, picture.channels, picture.pixels.data(), nullptr, nullptr};
}

void check_preprocess(const Preprocess& preprocess) {
  const auto require = [](bool good, std::string_view what) {
    if (!good) fail(ErrorKind::kUsage, "input: {}", what);
  };
  require(preprocess.height > 0 && preprocess.width > 0, "expected a height and width above 0");
  require(preprocess.channels == 1 || preprocess.channels == 3, "expected 1 or 3 channels");
  const auto channels = static_cast<size_t>(preprocess.channels);
  for (const auto* values : {&preprocess.mean, &preprocess.stddev}) {
    require(values->size() <= 1 || values->size() == channels, "expected one mean and std, or one per channel");
    for (const float value : *values) require(std::isfinite(value), "expected finite mean and std");
  }
  for (const float value : preprocess.stddev) require(value > 0, "expected std > 0");
  require(preprocess.threshold >= -1 && preprocess.threshold <= 255, "expected 0 <= threshold <= 255");
  const int64_t shorter = std::min(preprocess.height, preprocess.width);
  require(preprocess.resize_side == 0 || preprocess.resize_side >= shorter,
          fmt::format("expected a resize side of at least {}", shorter));
}

struct ImageSource::State {
  std::string name, hash, schema;
  std::vector<std::string> label_set;
  // Everything below is by stored index; ImageSource::items_ maps what the caller sees to it.
  std::vector<std::string> ids;
  std::vector<int32_t> labels;      // empty: all unknown
  std::vector<std::string> splits;  // empty: none
  std::vector<int32_t> sizes;       // N x (height, width) of encoded pictures
  int64_t height = 0, width = 0, channels = 0;
  std::shared_ptr<const std::vector<uint8_t>> bytes;  // at most one of the four kinds of pixels
  std::shared_ptr<const std::vector<float>> floats;
  std::optional<io::ImagesReader> encoded;
  std::vector<std::string> paths;
  DecodeCache cache;

  std::string place(int64_t at) const {
    const std::string& id = ids[static_cast<size_t>(at)];
    return paths.empty() ? name + ": image " + printable(id) : printable(id, 4096);
  }
  std::shared_ptr<const io::Picture> decode(int64_t at) {
    if (auto picture = cache.find(at)) return picture;
    auto picture = std::make_shared<io::Picture>();
    if (encoded) {
      const std::vector<uint8_t> raw = encoded->read_encoded(at);
      *picture = io::decode_picture(as_byte_span(raw), place(at));
      const int32_t* size = &sizes[static_cast<size_t>(2 * at)];
      if (picture->height != size[0] || picture->width != size[1]) {
        fail_data(place(at), fmt::format("{} x {} pixels as the file says", size[1], size[0]),
                  fmt::format("{} x {}", picture->width, picture->height));
      }
    } else {
      *picture = io::read_picture(paths[static_cast<size_t>(at)]);
    }
    cache.offer(at, picture);
    return picture;
  }
};

namespace {

void keep_split(const std::vector<std::string>& splits, const std::string& wanted, const std::string& place,
                std::vector<int64_t>& items) {
  std::set<std::string> known(splits.begin(), splits.end());
  if (!known.contains(wanted)) {
    std::vector<std::string> names;
    for (const std::string& split : known) names.push_back(printable(split));
    fail(ErrorKind::kUsage, "{}: no split '{}': the file has {}", place, printable(wanted),
         names.empty() ? "no splits" : join(names, ", "));
  }
  std::erase_if(items, [&](int64_t item) { return splits[static_cast<size_t>(item)] != wanted; });
}

void require_labels(const std::vector<int32_t>& labels, int64_t classes, const std::string& place,
                    const std::vector<int64_t>& items) {
  if (labels.empty() && !items.empty()) fail_data(place, "labelled images", "no labels");
  for (const int64_t item : items) {
    const int32_t label = labels[static_cast<size_t>(item)];
    if (label >= 0 && (classes == 0 || label < classes)) continue;
    fail_data(fmt::format("{}: label[{}]", place, item), classes > 0 ? fmt::format("0..{}", classes - 1) : ">= 0",
              std::to_string(label));
  }
}

}  // namespace

ImageSource::ImageSource(std::shared_ptr<State> state, std::vector<int64_t> items)
    : state_(std::move(state)), items_(std::move(items)) {}
ImageSource::ImageSource(ImageSource&&) noexcept = default;
ImageSource& ImageSource::operator=(ImageSource&&) noexcept = default;
ImageSource::~ImageSource() = default;

ImageSource ImageSource::open(const std::string& path, const SourceOptions& options) {
  io::ImagesReader reader(path);
  const io::ImageSet& set = reader.set();
  auto state = std::make_shared<State>();
  state->name = base_name(path);
  state->hash = reader.attributes().content_hash;
  state->schema = reader.attributes().schema;
  state->label_set = set.label_set;
  state->ids = set.ids;
  state->labels = set.labels;
  state->sizes = set.sizes;
  state->splits = set.splits;
  std::vector<int64_t> items(set.ids.size());
  std::iota(items.begin(), items.end(), int64_t{0});
  if (!options.split.empty()) keep_split(set.splits, options.split, path, items);
  if (options.limit > 0 && options.limit < static_cast<int64_t>(items.size())) {
    items.resize(static_cast<size_t>(options.limit));
  }
  if (options.require_labels) {
    require_labels(set.labels, static_cast<int64_t>(set.label_set.size()), path, items);
  }
  state->height = reader.height();
  state->width = reader.width();
  state->channels = reader.channels();
  switch (reader.storage()) {
    case io::PixelStorage::kNone:
      fail_data(path, "images with pixels", "only paths");
    case io::PixelStorage::kRaw:
      state->bytes = std::make_shared<std::vector<uint8_t>>(reader.read_all_pixels());
      break;
    case io::PixelStorage::kFloat: {
      const int64_t values = reader.count() * reader.height() * reader.width() * reader.channels();
      require_memory(values * static_cast<int64_t>(sizeof(float)), path);
      auto pixels = std::make_shared<std::vector<float>>(static_cast<size_t>(values));
      reader.read_pixels(0, reader.count(), std::span<float>(*pixels));
      state->floats = std::move(pixels);
      break;
    }
    case io::PixelStorage::kEncoded:
      state->channels = 3;
      state->cache.set_limit(std::min(options.cache_bytes, max_memory() / 2));
      state->encoded.emplace(std::move(reader));
      break;
  }
  if (state->channels != 1 && state->channels != 3 && !items.empty()) {
    fail_data(path + ": pixels", "1 or 3 channels", std::to_string(state->channels));
  }
  return ImageSource(std::move(state), std::move(items));
}

ImageSource ImageSource::from_pixels(PixelSet set, std::string name) {
  FOVEA_CHECK(static_cast<int64_t>(set.pixels.size()) == set.count * set.height * set.width * set.channels,
              "{} bytes for {} images", set.pixels.size(), set.count);
  FOVEA_CHECK(set.labels.empty() || static_cast<int64_t>(set.labels.size()) == set.count, "{} labels",
              set.labels.size());
  auto state = std::make_shared<State>();
  ContentHash hash;
  hash.update(std::as_bytes(std::span(set.pixels)));
  hash.update(std::as_bytes(std::span(set.labels)));
  state->hash = hash.hex();
  state->name = std::move(name);
  state->label_set = std::move(set.label_set);
  state->labels = std::move(set.labels);
  state->height = set.height;
  state->width = set.width;
  state->channels = set.channels;
  std::vector<int64_t> items(static_cast<size_t>(set.count));
  std::iota(items.begin(), items.end(), int64_t{0});
  for (const int64_t item : items) state->ids.push_back(std::to_string(item));
  state->bytes = std::make_shared<std::vector<uint8_t>>(std::move(set.pixels));
  return ImageSource(std::move(state), std::move(items));
}

ImageSource ImageSource::from_files(const std::vector<std::string>& paths) {
  auto state = std::make_shared<State>();
  ContentHash hash;
  state->name = paths.size() == 1 ? base_name(paths[0]) : "pictures";
  state->channels = 3;
  // A pipe can be read only once, so that pictures are kept from the start.
  state->cache.set_limit(max_memory() / 2);
  std::vector<int64_t> items;
  for (const std::string& path : paths) {
    const std::vector<std::byte> bytes = read_file(path, std::min(max_memory(), io::kMaxPicturePixels * 4));
    const auto [height, width] = io::picture_size(bytes, path);
    const auto at = static_cast<int64_t>(items.size());
    if (path == "-") {
      state->cache.offer(at, std::make_shared<io::Picture>(io::decode_picture(bytes, path)));
      if (state->cache.find(at) == nullptr) require_memory(height * width * 6, path);
    }
    hash.update(std::span<const std::byte>(bytes));
    items.push_back(at);
    state->sizes.push_back(static_cast<int32_t>(height));
    state->sizes.push_back(static_cast<int32_t>(width));
  }
  state->hash = hash.hex();
  state->ids = paths;
  state->paths = paths;
  return ImageSource(std::move(state), std::move(items));
}

int64_t ImageSource::size() const { return static_cast<int64_t>(items_.size()); }

int64_t ImageSource::stored(int64_t item) const {
  FOVEA_CHECK(item >= 0 && item < size(), "image {} of {}", item, size());
  return items_[static_cast<size_t>(item)];
}

int32_t ImageSource::label(int64_t item) const {
  const int64_t at = stored(item);
  return state_->labels.empty() ? -1 : state_->labels[static_cast<size_t>(at)];
}

const std::vector<std::string>& ImageSource::label_set() const { return state_->label_set; }
const std::string& ImageSource::id(int64_t item) const { return state_->ids[static_cast<size_t>(stored(item))]; }
int64_t ImageSource::channels() const { return state_->channels; }
const std::string& ImageSource::name() const { return state_->name; }
const std::string& ImageSource::content_hash() const { return state_->hash; }
const std::string& ImageSource::schema() const { return state_->schema; }

PixelView ImageSource::pixels(int64_t item) const {
  const int64_t at = stored(item);
  PixelView view{state_->height, state_->width, state_->channels, nullptr, nullptr, nullptr};
  const int64_t offset = at * view.height * view.width * view.channels;
  if (state_->bytes != nullptr) {
    view.bytes = state_->bytes->data() + offset;
    view.owner = state_->bytes;
  } else if (state_->floats != nullptr) {
    view.floats = state_->floats->data() + offset;
    view.owner = state_->floats;
  } else {
    auto picture = state_->decode(at);
    view = view_of(*picture);
    view.owner = std::move(picture);
  }
  return view;
}

std::pair<int64_t, int64_t> ImageSource::size_of(int64_t item) const {
  const auto at = static_cast<size_t>(stored(item));
  if (state_->bytes != nullptr || state_->floats != nullptr) return {state_->height, state_->width};
  return {state_->sizes[2 * at], state_->sizes[2 * at + 1]};
}

bool ImageSource::equal_size() const {
  for (int64_t i = 1; i < size(); ++i) {
    if (size_of(i) != size_of(0)) return false;
  }
  return true;
}

int64_t ImageSource::height() const { return size() == 0 ? state_->height : size_of(0).first; }
int64_t ImageSource::width() const { return size() == 0 ? state_->width : size_of(0).second; }

void ImageSource::keep(const std::vector<int64_t>& items) {
  std::vector<int64_t> kept;
  for (const int64_t item : items) kept.push_back(stored(item));
  items_ = std::move(kept);
}

ImageSource ImageSource::subset(const std::vector<int64_t>& items) const {
  ImageSource part(state_, items_);
  part.keep(items);
  return part;
}

bool ImageSource::has_splits() const { return !state_->splits.empty(); }

const std::string& ImageSource::split(int64_t item) const {
  static const std::string none;
  const int64_t at = stored(item);
  return state_->splits.empty() ? none : state_->splits[static_cast<size_t>(at)];
}

std::vector<std::string> ImageSource::drop_bad_pictures() {
  std::vector<std::string> reasons(static_cast<size_t>(size()));
  parallel_tasks(size(), [&](int64_t i) {
    try {
      pixels(i);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kData) throw;
      reasons[static_cast<size_t>(i)] = error.what();
    }
  });
  std::vector<std::string> dropped;
  std::vector<int64_t> good;
  for (int64_t i = 0; i < size(); ++i) {
    const std::string& reason = reasons[static_cast<size_t>(i)];
    if (reason.empty()) {
      good.push_back(i);
    } else {
      dropped.push_back(reason);
    }
  }
  keep(good);
  return dropped;
}

}  // namespace fovea::data
