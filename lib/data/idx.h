// The idx format of MNIST and its relatives: big-endian header, unsigned bytes; plain or .gz.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/pixel_set.h"

namespace fovea::data {

// idx3 (magic 0x00000803: N, H, W) -> [N,H,W,1]; idx4 (0x00000804: N, H, W, C with C 1 or 3) -> [N,H,W,C]. No labels.
// The size in the header must be the size of the data. Throws Error(kData) at "PLACE: header" or "PLACE: data".
PixelSet parse_idx_images(std::span<const std::byte> bytes, std::string_view place);
// idx1 (0x00000801).
std::vector<int32_t> parse_idx_labels(std::span<const std::byte> bytes, std::string_view place);

// Both files (labels_path may be empty: no labels). Counts must agree. label_set = "0".."9", or up to the largest
// label. Throws Error(kNoInput) or (kData).
PixelSet read_idx(const std::string& images_path, const std::string& labels_path);

}  // namespace fovea::data
