#include "data/captioned_images.h"

#include <algorithm>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/annotations.h"

namespace fovea::data {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

int64_t CaptionCollector::add_image(CaptionedImage image, const std::string& place) {
  if (image.id.empty()) fail_data(place, "a name of the image", "nothing");
  if (!is_valid_utf8(image.id) || std::any_of(image.id.begin(), image.id.end(), is_control)) {
    fail_data(place, "a name of the image in UTF-8, without control characters", "'" + printable(image.id) + "'");
  }
  if (!image.path.empty()) require_relative_path(image.path, place);
  const auto number = static_cast<int64_t>(images_.size());
  if (!index_.emplace(image.id, number).second) {
    fail_data(place, "images with different ids", "'" + printable(image.id) + "' again");
  }
  held_ += static_cast<int64_t>(sizeof(CaptionedImage) + 4 * image.id.size());
  require_memory(held_, place);
  images_.push_back(std::move(image));
  return number;
}

int64_t CaptionCollector::find(const std::string& id) const {
  const auto found = index_.find(id);
  return found == index_.end() ? -1 : found->second;
}

std::optional<std::string> CaptionCollector::clean(std::string_view text, const std::string& place) {
  if (!is_valid_utf8(text)) fail_data(place, "a caption in UTF-8", "'" + printable(text) + "'");
  std::string plain(text);
  std::replace_if(plain.begin(), plain.end(), is_control, ' ');
  plain = std::string(trim(plain));
  if (plain.empty()) {
    if (rules_.strict) fail_data(place, "a caption", "an empty one");
    if (empty++ == 0) first_empty = place;
    return std::nullopt;
  }
  if (static_cast<int64_t>(plain.size()) > rules_.max_bytes) {
    if (rules_.strict) {
      fail_data(place, fmt::format("a caption of at most {} bytes", rules_.max_bytes), std::to_string(plain.size()),
                "--max-caption-bytes changes the limit");
    }
    if (too_long++ == 0) first_long = place;
    return std::nullopt;
  }
  return plain;
}

void CaptionCollector::repeat(const std::string& what, const std::string& place) {
  if (rules_.strict) fail_data(place, "captions with different numbers", "'" + printable(what) + "' again");
  if (repeated++ == 0) first_repeated = place;
}

void CaptionCollector::add_caption(int64_t image, std::string_view text, const std::string& place) {
  std::optional<std::string> plain = clean(text, place);
  if (!plain) return;
  held_ += static_cast<int64_t>(sizeof(std::string) + plain->size());
  require_memory(held_, place);
  images_[static_cast<size_t>(image)].captions.push_back(std::move(*plain));
}

int64_t CaptionCollector::captions() const {
  int64_t count = 0;
  for (const CaptionedImage& image : images_) count += static_cast<int64_t>(image.captions.size());
  return count;
}

}  // namespace fovea::data
