// Captions in JSON: Karpathy's dataset_*.json, COCO's captions_*.json, and the result lists of caption evaluators.
//   Karpathy & Fei-Fei, CVPR 2015; Chen et al., "Microsoft COCO captions: data collection and evaluation server", 2015
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/captioned_images.h"

namespace fovea::data {

struct KarpathyOptions {
  bool restval_as_train = false;  // otherwise images of the split restval are passed over
  bool tokens = false;            // the caption is the sentence's tokens joined by blanks instead of its raw text
};

// An image's id is its cocoid in decimal if it has one, else its file name; its path is filepath/filename. All throw
// Error(kData): "ORIGIN:LINE:COLUMN: ..." for what is no JSON (lone surrogates and bad UTF-8 too), "ORIGIN: LIST[7]:
// ..." for members that are missing or of another kind, and repeated ids of images or captions.
void parse_karpathy(std::string_view text, const std::string& origin, const KarpathyOptions& options,
                    CaptionCollector& to);
// Captions by ascending annotation id, at most `per_image` (0 = all). Lists may come in any order.
void parse_coco_captions(std::string_view text, const std::string& origin, const std::string& split, int64_t per_image,
                         CaptionCollector& to);
struct CaptionResult {
  std::string image_id;  // in decimal, where the file has numbers
  std::string caption;   // cleaned; may be empty
};
// Images occur once.
std::vector<CaptionResult> parse_caption_results(std::string_view text, const std::string& origin);

// One item a line. `numbers`: COCO's ids, parallel to the images.
std::string karpathy_text(const std::vector<CaptionedImage>& images, const std::vector<int64_t>& numbers,
                          const std::string& name);
std::string coco_captions_text(const std::vector<CaptionedImage>& images, const std::vector<int64_t>& numbers);
std::string caption_results_text(const std::vector<CaptionResult>& results, const std::vector<int64_t>& numbers);

}  // namespace fovea::data
