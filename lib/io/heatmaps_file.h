// fovea.heatmaps: maps of joints for each person, before and after the spatial model.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "io/h5_writer.h"
#include "io/root_attributes.h"

namespace fovea::io {

struct HeatMapsLayout {
  std::vector<std::string> joint_names;
  int64_t height = 0, width = 0;        // cells
  bool spatial = false, torso = false;  // which optional parts there are
};

// One person. Maps [K,h,w]; affine maps cells to pixels of the picture: X = a[0] x + a[1] y + a[2], Y = a[3] x + ...
struct PersonHeatMaps {
  std::string item_id;  // unique
  std::span<const float> detector, spatial, torso;
  double affine[6] = {1, 0, 0, 0, 1, 0};
};

class HeatMapsWriter {
 public:
  // `root.schema` is set to fovea.heatmaps.
  HeatMapsWriter(const std::string& target, RootAttributes root, HeatMapsLayout layout, WriterOptions options = {});
  ~HeatMapsWriter();
  void add(const PersonHeatMaps& maps);
  std::string finish();  // the content hash

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class HeatMapsReader {
 public:
  explicit HeatMapsReader(const std::string& path);
  ~HeatMapsReader();
  HeatMapsReader(HeatMapsReader&&) noexcept;

  const std::string& path() const;
  const RootAttributes& attributes() const;
  const HeatMapsLayout& layout() const;
  const std::vector<std::string>& item_ids() const;
  int64_t count() const;
  int64_t find(const std::string& item_id) const;                  // -1 if absent
  std::span<const double> affine(int64_t item) const;              // 6
  std::vector<float> read(const char* which, int64_t item) const;  // "detector", "spatial", "torso"

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fovea::io
