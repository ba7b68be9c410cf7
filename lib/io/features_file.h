// fovea.features of regions: for each image boxes, and a row of numbers for each box.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/box.h"
#include "io/h5_writer.h"
#include "io/root_attributes.h"

namespace fovea::io {

// The regions of one image, without their features.
struct RegionList {
  std::string image_id;
  int32_t height = 0, width = 0;
  std::vector<Box> boxes;
  std::vector<int32_t> objects;  // index among the image's objects for true boxes, -1 for proposals; or empty: all -1
};

struct FeaturesLayout {
  int64_t dimension = 0;
  std::string layer, network_hash, preprocess_json;
  ElementType element = ElementType::kF32;  // as stored: kF32 or kF16
};

class RegionFeaturesWriter {
 public:
  // `root.schema` is set to fovea.features.
  RegionFeaturesWriter(const std::string& target, RootAttributes root, FeaturesLayout layout,
                       WriterOptions options = {});
  ~RegionFeaturesWriter();
  RegionFeaturesWriter(RegionFeaturesWriter&&) noexcept;
  RegionFeaturesWriter& operator=(RegionFeaturesWriter&&) noexcept;

  // features [boxes, dimension]. Throws Error(kData) for a number beyond 65504 if they are stored as kF16.
  void add(const RegionList& regions, std::span<const float> features);
  int64_t images() const;
  int64_t regions() const;
  std::string finish();  // the content hash

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class RegionFeaturesReader {
 public:
  // Throws Error(kData) for features that are not of regions, besides what any reader throws.
  explicit RegionFeaturesReader(const std::string& path);
  ~RegionFeaturesReader();
  RegionFeaturesReader(RegionFeaturesReader&&) noexcept;
  RegionFeaturesReader& operator=(RegionFeaturesReader&&) noexcept;

  const std::string& path() const;
  const RootAttributes& attributes() const;
  const FeaturesLayout& layout() const;
  int64_t count() const;         // images
  int64_t region_count() const;  // of all images
  const std::vector<std::string>& image_ids() const;
  int64_t find(const std::string& image_id) const;  // -1 if absent
  int64_t regions_of(int64_t image) const;
  RegionList read_regions(int64_t image) const;
  // out [regions_of(image), dimension]; finite.
  void read_features(int64_t image, std::span<float> out) const;
  std::vector<float> read_features(int64_t image) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fovea::io
