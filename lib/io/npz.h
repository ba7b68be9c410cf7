// NumPy .npy and .npz (zip) files, the exchange format with PyTorch and NumPy scripts.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/named_tensor.h"

namespace fovea::io {

// One .npy array, versions 1 to 3, types b1, u1..u8, i1..i8, f2, f4, f8 of either byte order, C or Fortran order;
// converted to float32 in C order. Pickled objects, strings, structures and complex numbers are refused. Throws
// Error(kData).
NamedTensor parse_npy(std::span<const std::byte> bytes, std::string name, std::string_view place);

// All .npy entries of a zip archive in directory order, names without ".npy". Stored and deflate entries, zip64 fields,
// CRC-32 checked; encrypted or otherwise packed entries, duplicate names and sizes above max_memory() are refused.
std::vector<NamedTensor> parse_npz(std::span<const std::byte> bytes, std::string_view place);

// By signature: a .npz archive or a single .npy (named after the file, without suffix). Throws Error(kNoInput),
// (kData).
std::vector<NamedTensor> read_npz(const std::string& path);

// Float32 arrays as a zip of stored entries, readable by numpy.load; no time stamps. Names must be unique and not
// empty; values.size() must be the product of the shape. Above 4 GiB: Error(kData).
std::vector<std::byte> encode_npz(const std::vector<NamedTensor>& tensors);
void write_npz(const std::string& path, const std::vector<NamedTensor>& tensors);

}  // namespace fovea::io
