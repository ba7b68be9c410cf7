// What caption formats say of pictures: the form that the readers and writers of Flickr8k, Karpathy, COCO and TSV
// share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace fovea::data {

struct CaptionedImage {
  std::string id;
  std::string path = {};   // of the picture, relative to the folder of pictures
  std::string split = {};  // "" = none
  std::vector<std::string> captions = {};
};

// Captions of fovea.images are fixed-length strings, so that one of a megabyte would make every one as long.
inline constexpr int64_t kMaxCaptionBytes = 4096;

struct CaptionRules {
  int64_t max_bytes = kMaxCaptionBytes;
  bool strict = false;  // captions that would be left out are errors
};

// Collects images and captions, cleans and checks them, and counts what was left out.
class CaptionCollector {
 public:
  explicit CaptionCollector(CaptionRules rules = {}) : rules_(rules) {}

  // A new image; its number. Throws Error(kData, "PLACE: ...") for an empty or repeated id, an id with control
  // characters or no UTF-8, and a path that is absolute or leads out of its folder.
  int64_t add_image(CaptionedImage image, const std::string& place);
  int64_t find(const std::string& id) const;  // -1 if absent
  // Line ends, tabs and other control characters become blanks; blanks at the ends go. A caption that is then empty, or
  // longer than the rules allow, is left out and counted. Throws Error(kData, "PLACE: ...") for text that is no UTF-8,
  // and with `strict` instead of leaving out.
  std::optional<std::string> clean(std::string_view text, const std::string& place);
  void add_caption(int64_t image, std::string_view text, const std::string& place);

  std::vector<CaptionedImage>& images() { return images_; }
  const std::vector<CaptionedImage>& images() const { return images_; }
  int64_t captions() const;

  int64_t empty = 0, too_long = 0;      // captions left out
  std::string first_empty, first_long;  // places of the first ones
  int64_t repeated = 0;                 // IMAGE#K that occurs again; the first is kept
  std::string first_repeated;
  void repeat(const std::string& what, const std::string& place);  // counts; throws with `strict`
  int64_t skipped_images = 0;                                      // of a split that is not wanted

 private:
  CaptionRules rules_;
  std::vector<CaptionedImage> images_;
  std::unordered_map<std::string, int64_t> index_;
  int64_t held_ = 0;
};

}  // namespace fovea::data
