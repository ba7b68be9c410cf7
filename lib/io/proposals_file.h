// fovea.proposals: ranked boxes of each image, and the regions' masks if wanted.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/box.h"
#include "io/h5_writer.h"
#include "io/root_attributes.h"

namespace fovea::io {

// Run lengths inside the box, row-major, beginning with a run outside the region (perhaps of length 0); they add up to
// the area of the box, whose corners are then whole numbers.
using MaskRuns = std::vector<uint32_t>;

struct ImageProposals {
  std::string image_id;
  int32_t height = 0, width = 0;
  std::vector<Box> boxes;       // best first
  std::vector<float> scores;    // parallel, or empty
  std::vector<MaskRuns> masks;  // parallel, or empty
};

struct ProposalsLayout {
  bool scores = false, masks = false;
  std::string strategy;
};

// Streaming: memory is bounded by the image at hand.
class ProposalsWriter {
 public:
  // `root.schema` is set to fovea.proposals.
  ProposalsWriter(const std::string& target, RootAttributes root, ProposalsLayout layout, WriterOptions options = {});
  ~ProposalsWriter();
  ProposalsWriter(ProposalsWriter&&) noexcept;
  ProposalsWriter& operator=(ProposalsWriter&&) noexcept;

  // Throws Error(kData) for an empty or repeated id. Scores and masks must be there exactly if the layout says so.
  void add(const ImageProposals& proposals);
  int64_t images() const;
  int64_t regions() const;
  std::string finish();  // the content hash

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Random access by image; ids, sizes and offsets are held, boxes read when asked for.
class ProposalsReader {
 public:
  // Checks offsets, ids, and that boxes are finite when they are read. Throws Error(kData).
  explicit ProposalsReader(const std::string& path);
  ~ProposalsReader();
  ProposalsReader(ProposalsReader&&) noexcept;
  ProposalsReader& operator=(ProposalsReader&&) noexcept;

  const std::string& path() const;
  const RootAttributes& attributes() const;
  const std::string& strategy() const;  // "" if not recorded
  int64_t count() const;                // images
  int64_t region_count() const;         // of all images
  const std::vector<std::string>& image_ids() const;
  int64_t find(const std::string& image_id) const;  // -1 if absent
  bool has_scores() const;
  bool has_masks() const;
  int64_t first_region(int64_t image) const;                     // row in regions/box; of count(): region_count()
  ImageProposals read(int64_t image, bool masks = false) const;  // scores if there are any

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Throws Error(kData) unless the runs add up to the area of the box (whole-numbered corners).
void check_mask(const MaskRuns& runs, const Box& box, const std::string& place);

}  // namespace fovea::io
