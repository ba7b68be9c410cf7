// fovea.features of pictures: for each a grid of annotation vectors, [L,D] with L = h w in row-major order.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "io/h5_writer.h"
#include "io/root_attributes.h"

namespace fovea::io {

struct GridLayout {
  std::array<int32_t, 2> grid{0, 0};  // rows, columns
  int64_t dimension = 0;              // D
  std::string layer, network_hash, preprocess_json;

  int64_t places() const { return int64_t{grid[0]} * grid[1]; }
  int64_t values() const { return places() * dimension; }  // of one picture
};

class GridFeaturesWriter {
 public:
  // `root.schema` is set to fovea.features.
  GridFeaturesWriter(const std::string& target, RootAttributes root, GridLayout layout, WriterOptions options = {});
  ~GridFeaturesWriter();
  GridFeaturesWriter(GridFeaturesWriter&&) noexcept;
  GridFeaturesWriter& operator=(GridFeaturesWriter&&) noexcept;

  // features [L,D] of the picture. Throws Error(kData) for an empty or repeated id.
  void add(const std::string& id, std::span<const float> features);
  std::string finish();  // the content hash

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class GridFeaturesReader {
 public:
  // Throws Error(kData) for features that are no grids, a grid that does not fit, repeated ids.
  explicit GridFeaturesReader(const std::string& path);
  ~GridFeaturesReader();
  GridFeaturesReader(GridFeaturesReader&&) noexcept;
  GridFeaturesReader& operator=(GridFeaturesReader&&) noexcept;

  const std::string& path() const;
  const RootAttributes& attributes() const;
  const GridLayout& layout() const;
  const std::vector<std::string>& ids() const;
  int64_t count() const;
  int64_t find(const std::string& id) const;  // -1 if absent
  // out [L,D]; finite. Thread-safe.
  void read(int64_t item, std::span<float> out) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fovea::io
