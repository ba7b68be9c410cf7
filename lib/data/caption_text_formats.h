// Captions in text files: the token files and split lists of Flickr8k (and Flickr30k), and plain TSV.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/captioned_images.h"

namespace fovea::data {

// Lines of IMAGE#K<TAB>caption. The captions of an image are ordered by K; of an IMAGE#K that occurs again (published
// files have some) the first is kept. Throws Error(kData, "ORIGIN:LINE: ...") for other lines.
void parse_flickr_tokens(std::string_view text, const std::string& origin, CaptionCollector& to);
// Lines of one image name; images of the list get `split`. Throws for an image that has another split already; returns
// the names that have no captions.
std::vector<std::string> parse_flickr_list(std::string_view text, const std::string& origin, const std::string& split,
                                           CaptionCollector& to);
// A token file, or a folder with one (Flickr8k.token.txt, or the only *.token.txt or *.token). Lists called
// *trainImages.txt, *devImages.txt (split "val") and *testImages.txt beside it give the splits. Returns the listed
// names without captions.
std::vector<std::string> read_flickr(const std::string& path, CaptionCollector& to);
// The inverse; images in their order, K from 0.
std::string flickr_tokens_text(const std::vector<CaptionedImage>& images);

// Lines of image<TAB>caption, or image<TAB>caption<TAB>split; those that begin with # are passed over.
void parse_caption_tsv(std::string_view text, const std::string& origin, CaptionCollector& to);
std::string caption_tsv_text(const std::vector<CaptionedImage>& images);

}  // namespace fovea::data
