// Checks of values read from a file; `place` is "FILE: DATASET". All throw Error(kData).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace fovea::io {

// Starts with 0, does not decrease, ends with `last`.
void check_offsets(std::span<const int64_t> offsets, int64_t last, const std::string& place);
// low <= value < high; high < 0 = no upper bound. `first` is the index of values[0] for the message.
template <typename T>
void check_range(std::span<const T> values, int64_t low, int64_t high, const std::string& place, int64_t first = 0);
// No NaN, no infinity. `extents` and `first_row` turn the place into "features[3,77]".
template <typename T>
void check_finite(std::span<const T> values, std::span<const int64_t> extents, const std::string& place,
                  int64_t first_row = 0);
void check_unique(const std::vector<std::string>& values, const std::string& place);
// "made for image set 3fa1..., given 90bc..."
void check_partner(const std::string& path, const std::string& role, const std::string& made_for,
                   const std::string& given);

}  // namespace fovea::io
