#include "data/cifar.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/gzip.h"

namespace fovea::data {
namespace {

constexpr int64_t kSide = 32, kPlane = kSide * kSide, kImage = 3 * kPlane;
constexpr int64_t kMaxNames = 1 << 20;

struct CifarLayout {
  int64_t label_bytes, label_at;
  int32_t classes;
};

CifarLayout layout_of(CifarKind kind) {
  switch (kind) {
    case CifarKind::kCifar10:
      return {1, 0, 10};
    case CifarKind::kCifar100:
      return {2, 1, 100};
    case CifarKind::kCifar100Coarse:
      return {2, 0, 20};
  }
  return {1, 0, 10};
}

std::vector<std::string> default_names(CifarKind kind) {
  if (kind == CifarKind::kCifar10) {
    return {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
  }
  std::vector<std::string> names;
  for (int32_t i = 0; i < layout_of(kind).classes; ++i) names.push_back(std::to_string(i));
  return names;
}

std::vector<std::string> read_names(const std::string& path, int32_t classes) {
  std::vector<std::string> names;
  for (const std::string& line : split(read_text_file(path, kMaxNames), '\n')) {
    const std::string_view name = trim(line);
    if (!name.empty()) names.emplace_back(name);
  }
  if (static_cast<int32_t>(names.size()) != classes) {
    fail_data(path, fmt::format("{} names, one a line", classes), std::to_string(names.size()));
  }
  for (const std::string& name : names) {
    if (!is_valid_utf8(name)) fail_data(path, "names in UTF-8", "'" + printable(name) + "'");
  }
  return names;
}

}  // namespace

PixelSet parse_cifar(std::span<const std::byte> bytes, CifarKind kind, std::string_view place) {
  const CifarLayout layout = layout_of(kind);
  const int64_t record = layout.label_bytes + kImage;
  const auto size = static_cast<int64_t>(bytes.size());
  if (size == 0 || size % record != 0) {
    const bool other = size > 0 && size % (kImage + 3 - layout.label_bytes) == 0;
    fail_data(place, fmt::format("whole records of {} bytes", record), fmt::format("{} bytes", size),
              other ? fmt::format("the size fits CIFAR-{}", layout.label_bytes == 1 ? 100 : 10) : "");
  }
  PixelSet set;
  set.count = size / record;
  set.height = set.width = kSide;
  set.channels = 3;
  set.pixels.resize(static_cast<size_t>(set.count * kImage));
  uint8_t* out = set.pixels.data();
  for (int64_t i = 0; i < set.count; ++i) {
    const std::byte* from = bytes.data() + i * record;
    const auto label = std::to_integer<int32_t>(from[layout.label_at]);
    if (label >= layout.classes) {
      fail_data(fmt::format("{}: label[{}]", place, i), fmt::format("0..{}", layout.classes - 1),
                std::to_string(label));
    }
    set.labels.push_back(label);
    from += layout.label_bytes;
    for (int64_t pixel = 0; pixel < kPlane; ++pixel) {
      for (int64_t c = 0; c < 3; ++c) *out++ = std::to_integer<uint8_t>(from[c * kPlane + pixel]);
    }
  }
  return set;
}

PixelSet read_cifar(const std::vector<std::string>& paths, CifarKind kind, const std::string& names_path) {
  if (paths.empty()) fail(ErrorKind::kUsage, "CIFAR: no files given");
  PixelSet all;
  for (const std::string& path : paths) {
    PixelSet set = parse_cifar(io::read_maybe_gzip(path, max_memory()), kind, path);
    require_memory(static_cast<int64_t>(all.pixels.size() + set.pixels.size()) * 2, path);
    if (all.count == 0) {
      all = std::move(set);
      continue;
    }
    all.count += set.count;
    all.pixels.insert(all.pixels.end(), set.pixels.begin(), set.pixels.end());
    all.labels.insert(all.labels.end(), set.labels.begin(), set.labels.end());
  }
  all.label_set = names_path.empty() ? default_names(kind) : read_names(names_path, layout_of(kind).classes);
  return all;
}

}  // namespace fovea::data
