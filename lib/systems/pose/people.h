// People to be trained on or predicted: a person's place in a picture, cut out at the network's input, and the targets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/box.h"
#include "data/dataset.h"
#include "io/poses_file.h"
#include "systems/pose/heat_maps.h"
#include "systems/pose/model.h"

namespace fovea::pose {

struct Person {
  int64_t item = 0;         // of the image source
  int64_t row = -1;         // in the pose file; -1: none
  int32_t number = 0;       // among the people of its image
  std::optional<Box> crop;  // what is cut out; the whole frame without
  std::optional<Box> torso;
  std::vector<float> joints;           // K x 2, NaN = unknown, as the model orders them
  std::vector<float> mirrored_joints;  // what the model's joints are in the mirrored picture, coordinates not mirrored
};

// From the input's pixels to the picture's: the frame (or box times `margin`) fits and is centred.
Affine fit_frame(double picture_height, double picture_width, int64_t height, int64_t width);
Affine fit_box(const Box& box, double margin, int64_t height, int64_t width);

// The picture seen through the map, RGB in [0,1] at every `channels`-th value: bilinear, averaged over what a pixel
// covers; beyond the border the nearest pixel.
void sample_picture(const data::PixelView& picture, const Affine& input_to_picture, int64_t height, int64_t width,
                    int64_t channels, float* out);

struct Augmentation {
  double rotation = 20;  // degrees, to either side
  double scale_low = 0.5, scale_high = 1.5;
  double flip = 0.5;    // probability
  double shift = 0;     // share of the input's sides
  double contrast = 0;  // of brightness and contrast
};
struct DrawnAugmentation {
  Affine map;  // from the augmented input to the input
  bool flip = false;
  float gain = 1, offset = 0;
};
// A pure function of seed, epoch and person.
DrawnAugmentation draw_augmentation(const Augmentation& augmentation, int64_t height, int64_t width, uint64_t seed,
                                    uint64_t epoch, uint64_t person);

// One batch of inputs and targets.
struct PersonBatch {
  Tensor input;           // [N,H,W,3 or 4]; undefined if not asked for
  Tensor target, weight;  // [N,h,w,K], [N,K]
  Tensor torso;           // [N,h,w,1]; zeros where it is unknown
};

// People of a pose file whose pictures are in the source, in file order, with the model's joints, and with the box that
// the model wants to see. `split`: of the pose file, empty: all. Throws Error(kData) for joints that the file lacks,
// mixed sides, missing pictures.
std::vector<Person> select_people(const io::PoseSet& poses, const data::ImageSource& source,
                                  const PoseSettings& settings, const std::string& split);

class PersonSampler {
 public:
  // `margin` enlarges a person's box.
  PersonSampler(const data::ImageSource& source, const PoseModel& model, double margin)
      : source_(source),
        settings_(model.settings),
        height_(model.input_height()),
        width_(model.input_width()),
        map_height_(model.map_height()),
        map_width_(model.map_width()),
        channels_(model.detector.input().channels),
        margin_(margin) {}
  PersonSampler(const data::ImageSource& source, const PoseModel& model)
      : PersonSampler(source, model, model.settings.margin) {}

  // From the input's pixels to the picture's, before augmentation.
  Affine frame(const Person& person) const;

  // With `augmentation`, keyed by each person's place in `keys`.
  PersonBatch batch(const std::vector<const Person*>& people, const std::vector<DrawnAugmentation>* drawn,
                    bool inputs) const;

  int64_t height() const { return height_; }
  int64_t width() const { return width_; }

 private:
  void fill(const Person& person, const DrawnAugmentation* drawn, int64_t index, bool inputs, PersonBatch& batch) const;

  const data::ImageSource& source_;
  PoseSettings settings_;
  int64_t height_, width_, map_height_, map_width_, channels_;
  double margin_;
};

}  // namespace fovea::pose
