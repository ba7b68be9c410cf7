// The binary versions of CIFAR-10 (records of 1 + 3072 bytes) and CIFAR-100 (2 + 3072): 32x32, planes R, G, B.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/pixel_set.h"

namespace fovea::data {

enum class CifarKind { kCifar10, kCifar100, kCifar100Coarse };

// Whole files of records, [N,32,32,3]. kCifar100 takes the fine label, kCifar100Coarse the superclass.
// Throws Error(kData): size not a multiple of the record, label out of range, empty.
PixelSet parse_cifar(std::span<const std::byte> bytes, CifarKind kind, std::string_view place);

// The files in the given order, plain or .gz, joined. `names_path` (batches.meta.txt, fine_label_names.txt: a name a
// line) may be empty: then CIFAR-10 gets its well-known names and CIFAR-100 the numbers. Throws Error(kNoInput),
// (kData).
PixelSet read_cifar(const std::vector<std::string>& paths, CifarKind kind, const std::string& names_path = {});

}  // namespace fovea::data
