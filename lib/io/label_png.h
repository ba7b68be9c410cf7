// Maps of labels stored as PNG: the number of a pixel, not its colour. VOC's SegmentationClass pictures have a palette;
// grey pictures of labels are read as well.   VOC development kit, VOClabelcolormap; spec rcnn.md section 12
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fovea::io {

// labels [height, width], row-major.
struct LabelMap {
  int64_t height = 0, width = 0;
  std::vector<uint8_t> labels = {};
};

// Palette indices, or grey values of at most 8 bits, as stored; interlaced or not. Throws Error(kData) starting with
// `place` for other pictures (colours, alpha, 16 bits), damaged or cut ones, and those above kMaxPicturePixels or
// max_memory().
LabelMap decode_label_png(std::span<const std::byte> bytes, std::string_view place);
// As above from a file ("-" = stdin). Throws Error(kNoInput) if it can't be read.
LabelMap read_label_png(const std::string& path);

// 8-bit palette indices with VOC's colours. The same map gives the same bytes with the same zlib.
std::vector<std::byte> encode_label_png(const LabelMap& map);

// RGB of a label: its bits, three by three, from the highest bit of each channel down.
std::array<uint8_t, 3> voc_color(uint8_t label);

}  // namespace fovea::io
