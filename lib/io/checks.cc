#include "io/checks.h"

#include <cmath>
#include <unordered_set>

#include "base/error.h"
#include "base/text.h"
#include "io/element_list.h"

namespace fovea::io {

void check_offsets(std::span<const int64_t> offsets, int64_t last, const std::string& place) {
  if (offsets.empty()) fail_data(place, "at least 1 value", "0");
  if (offsets[0] != 0) fail_data(place + "[0]", "0", std::to_string(offsets[0]));
  for (size_t i = 1; i < offsets.size(); ++i) {
    if (offsets[i] < offsets[i - 1]) {
      fail_data(fmt::format("{}[{}]", place, i), fmt::format(">= {}", offsets[i - 1]), std::to_string(offsets[i]));
    }
  }
  if (offsets.back() != last) {
    fail_data(fmt::format("{}[{}]", place, offsets.size() - 1), std::to_string(last), std::to_string(offsets.back()));
  }
}

template <typename T>
void check_range(std::span<const T> values, int64_t low, int64_t high, const std::string& place, int64_t first) {
  for (size_t i = 0; i < values.size(); ++i) {
    const int64_t value = static_cast<int64_t>(values[i]);
    if (value >= low && (high < 0 || value < high)) continue;
    const std::string expected = high < 0    ? fmt::format(">= {}", low)
                                 : high == 0 ? std::string("no value (the set is empty)")
                                             : fmt::format("{}..{}", low, high - 1);
    fail_data(fmt::format("{}[{}]", place, first + static_cast<int64_t>(i)), expected, std::to_string(value));
  }
}

template <typename T>
void check_finite(std::span<const T> values, std::span<const int64_t> extents, const std::string& place,
                  int64_t first_row) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    std::string index;
    int64_t rest = static_cast<int64_t>(i);
    for (size_t d = extents.size(); d-- > 0;) {
      int64_t at = rest;
      if (d > 0) {
        at = rest % extents[d];
        rest /= extents[d];
      } else {
        at += first_row;
      }
      index = index.empty() ? std::to_string(at) : fmt::format("{},{}", at, index);
    }
    fail(ErrorKind::kData, "{}[{}]: not finite ({})", place, index, format_number(values[i]));
  }
}

void check_unique(const std::vector<std::string>& values, const std::string& place) {
  std::unordered_set<std::string_view> seen;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!seen.insert(values[i]).second) {
      fail_data(fmt::format("{}[{}]", place, i), "unique names", "\"" + printable(values[i]) + "\" again");
    }
  }
}

void check_partner(const std::string& path, const std::string& role, const std::string& made_for,
                   const std::string& given) {
  if (made_for == given) return;
  throw Error(ErrorKind::kData,
              fmt::format("{}: made for {} {}..., given {}...", path, role, made_for.substr(0, 8), given.substr(0, 8)),
              "make both files from the same " + role);
}

#define FOVEA_INSTANTIATE(T) \
  template void check_range<T>(std::span<const T>, int64_t, int64_t, const std::string&, int64_t);
FOVEA_INTEGER_ELEMENTS(FOVEA_INSTANTIATE)
#undef FOVEA_INSTANTIATE
#define FOVEA_INSTANTIATE(T) \
  template void check_finite<T>(std::span<const T>, std::span<const int64_t>, const std::string&, int64_t);
FOVEA_FLOAT_ELEMENTS(FOVEA_INSTANTIATE)
#undef FOVEA_INSTANTIATE

}  // namespace fovea::io
