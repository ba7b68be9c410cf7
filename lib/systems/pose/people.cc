#include "systems/pose/people.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <unordered_map>

#include "base/error.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "base/text.h"

namespace fovea::pose {

Affine fit_frame(double picture_height, double picture_width, int64_t height, int64_t width) {
  const double h = static_cast<double>(height), w = static_cast<double>(width);
  const double s = std::max(picture_width / w, picture_height / h);
  return {s, 0, s * (0.5 - w / 2) + picture_width / 2 - 0.5, 0, s, s * (0.5 - h / 2) + picture_height / 2 - 0.5};
}

Affine fit_box(const Box& box, double margin, int64_t height, int64_t width) {
  Affine map = fit_frame(fovea::height(box) * margin, fovea::width(box) * margin, height, width);
  const double centre_x = (static_cast<double>(box.x1) + box.x2) / 2,
               centre_y = (static_cast<double>(box.y1) + box.y2) / 2;
  map.c += centre_x - (fovea::width(box) * margin / 2 - 0.5);
  map.f += centre_y - (fovea::height(box) * margin / 2 - 0.5);
  return map;
}

namespace {

class Sampler {
 public:
  explicit Sampler(const data::PixelView& picture) : p_(picture) {}

  void add(double x, double y, double* sums) const {
    x = std::clamp(x, 0.0, static_cast<double>(p_.width - 1));
    y = std::clamp(y, 0.0, static_cast<double>(p_.height - 1));
    const auto x0 = static_cast<int64_t>(x), y0 = static_cast<int64_t>(y);
    const int64_t x1 = std::min(x0 + 1, p_.width - 1), y1 = std::min(y0 + 1, p_.height - 1);
    const double fx = x - static_cast<double>(x0), fy = y - static_cast<double>(y0);
    for (int64_t c = 0; c < 3; ++c) {
      const int64_t channel = p_.channels == 1 ? 0 : c;
      const double top = value(x0, y0, channel) * (1 - fx) + value(x1, y0, channel) * fx;
      const double bottom = value(x0, y1, channel) * (1 - fx) + value(x1, y1, channel) * fx;
      sums[c] += top * (1 - fy) + bottom * fy;
    }
  }

 private:
  double value(int64_t x, int64_t y, int64_t c) const {
    const int64_t at = (y * p_.width + x) * p_.channels + c;
    return p_.bytes != nullptr ? p_.bytes[at] : static_cast<double>(p_.floats[at]);
  }
  const data::PixelView& p_;
};

}  // namespace

void sample_picture(const data::PixelView& picture, const Affine& map, int64_t height, int64_t width, int64_t channels,
                    float* out) {
  const Sampler sampler(picture);
  const auto taps = std::clamp<int64_t>(static_cast<int64_t>(std::ceil(map.scale() - 1e-6)), 1, 16);
  const double inverse = 1 / (255.0 * static_cast<double>(taps * taps));
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      double sums[3] = {0, 0, 0};
      for (int64_t i = 0; i < taps; ++i) {
        for (int64_t j = 0; j < taps; ++j) {
          const auto offset = [&](int64_t k) {
            return (static_cast<double>(k) + 0.5) / static_cast<double>(taps) - 0.5;
          };
          const auto at = map(static_cast<double>(x) + offset(j), static_cast<double>(y) + offset(i));
          sampler.add(at[0], at[1], sums);
        }
      }
      for (int64_t c = 0; c < 3; ++c) out[(y * width + x) * channels + c] = static_cast<float>(sums[c] * inverse);
    }
  }
}

DrawnAugmentation draw_augmentation(const Augmentation& a, int64_t height, int64_t width, uint64_t seed, uint64_t epoch,
                                    uint64_t person) {
  Rng rng(seed, RngPurpose::kAugment, epoch, person);
  const double angle = rng.uniform(-a.rotation, a.rotation) * std::numbers::pi / 180,
               scale = rng.uniform(a.scale_low, a.scale_high);
  DrawnAugmentation out;
  out.flip = rng.uniform_double() < a.flip;
  const double w = static_cast<double>(width), h = static_cast<double>(height);
  const double shift_x = rng.uniform(-a.shift, a.shift) * w, shift_y = rng.uniform(-a.shift, a.shift) * h;
  out.gain = static_cast<float>(1 + rng.uniform(-a.contrast, a.contrast));
  out.offset = static_cast<float>(rng.uniform(-a.contrast, a.contrast) / 2);
  const double cx = w / 2 - 0.5, cy = h / 2 - 0.5, sign = out.flip ? -1 : 1;
  const double cosine = std::cos(angle) / scale, sine = std::sin(angle) / scale;
  // Mirror about the centre (x' = W - 1 - x), turn and shrink, move.
  out.map = {sign * cosine, -sine, 0, sign * sine, cosine, 0};
  out.map.c = cx - out.map.a * cx - out.map.b * cy + shift_x;
  out.map.f = cy - out.map.d * cx - out.map.e * cy + shift_y;
  return out;
}

namespace {

std::optional<Box> box_of(const std::vector<float>& boxes, int64_t row) {
  if (boxes.empty()) return std::nullopt;
  const float* b = boxes.data() + 4 * row;
  if (!std::isfinite(b[0]) || !std::isfinite(b[1]) || !std::isfinite(b[2]) || !std::isfinite(b[3])) return std::nullopt;
  return Box{b[0], b[1], b[2], b[3]};
}

// Rows of the file for the model's joints, and for what they are in a mirrored picture (-1: unknown there).
std::pair<std::vector<int64_t>, std::vector<int64_t>> joint_columns(const io::PoseSet& poses,
                                                                    const PoseSettings& settings) {
  data::JointSet file;
  file.joints = poses.joint_names;
  std::vector<int64_t> plain, mirrored;
  for (const std::string& joint : settings.joints.joints) {
    const int32_t at = file.find(joint);
    if (at < 0) {
      throw Error(ErrorKind::kData,
                  fmt::format("{}: joint_names: expected {}, found none of that name", poses.path, joint),
                  "joints of the file: " + join(poses.joint_names, " "));
    }
    plain.push_back(at);
    mirrored.push_back(file.find(data::other_side(joint)));
  }
  return {plain, mirrored};
}

// The box around the known joints; none if they are fewer than two.
std::optional<Box> box_of_joints(const std::vector<float>& xy) {
  std::optional<Box> box;
  for (size_t i = 0; i + 1 < xy.size(); i += 2) {
    const float x = xy[i], y = xy[i + 1];
    if (!std::isfinite(x)) continue;
    if (!box) box = Box{x, y, x, y};
    *box = {std::min(box->x1, x), std::min(box->y1, y), std::max(box->x2, x), std::max(box->y2, y)};
  }
  if (box && box->x1 == box->x2 && box->y1 == box->y2) box.reset();
  return box;
}

}  // namespace

std::vector<Person> select_people(const io::PoseSet& poses, const data::ImageSource& source,
                                  const PoseSettings& settings, const std::string& split) {
  if (poses.side != settings.side) {
    throw Error(ErrorKind::kData,
                fmt::format("{}: side: expected {}-centric joints, found {}-centric ones", poses.path, settings.side,
                            poses.side),
                "left and right would be mixed up; convert with or without --person-centric");
  }
  const auto [plain, mirrored] = joint_columns(poses, settings);
  std::unordered_map<std::string, int64_t> items;
  for (int64_t i = 0; i < source.size(); ++i) items.emplace(source.id(i), i);
  std::vector<int32_t> numbers(poses.image_ids.size(), 0);
  std::vector<Person> people;
  for (int64_t row = 0; row < poses.people(); ++row) {
    const auto image = static_cast<size_t>(poses.image[static_cast<size_t>(row)]);
    const int32_t number = numbers[image]++;
    if (!split.empty() && (poses.split.empty() || poses.split[static_cast<size_t>(row)] != split)) continue;
    const auto item = items.find(poses.image_ids[image]);
    if (item == items.end())
      fail_data(fmt::format("{}: image_id", poses.path), "pictures of all images in " + source.name(),
                "none for " + printable(poses.image_ids[image]));
    Person person;
    person.item = item->second;
    person.row = row;
    person.number = number;
    person.torso = box_of(poses.torso_box, row);
    const auto read = [&](const std::vector<int64_t>& columns, std::vector<float>& out) {
      for (const int64_t column : columns) {
        const bool known = column >= 0 && poses.has_joint(row, column);
        for (int axis = 0; axis < 2; ++axis)
          out.push_back(known ? poses.joint(row, column)[axis] : std::numeric_limits<float>::quiet_NaN());
      }
    };
    read(plain, person.joints);
    read(mirrored, person.mirrored_joints);
    if (settings.crop == "joints") person.crop = box_of_joints(person.joints);
    people.push_back(std::move(person));
  }
  if (people.empty()) {
    std::string known;
    for (const std::string& name : poses.split) {
      if (!name.empty() && (" " + known + " ").find(" " + name + " ") == std::string::npos)
        known += (known.empty() ? "" : " ") + name;
    }
    throw Error(ErrorKind::kUsage, fmt::format("--split: {} has nobody in '{}'", poses.path, split),
                known.empty() ? "" : "splits: " + known);
  }
  return people;
}

Affine PersonSampler::frame(const Person& person) const {
  const auto [h, w] = source_.size_of(person.item);
  return person.crop ? fit_box(*person.crop, margin_, height_, width_)
                     : fit_frame(static_cast<double>(h), static_cast<double>(w), height_, width_);
}

void PersonSampler::fill(const Person& person, const DrawnAugmentation* drawn, int64_t index, bool inputs,
                         PersonBatch& batch) const {
  const Affine map = drawn != nullptr ? frame(person).after(drawn->map) : frame(person);
  const Affine to_cells = cells_to_pixels().inverse().after(map.inverse());
  if (inputs) {
    float* out = batch.input.data<float>() + index * height_ * width_ * channels_;
    sample_picture(source_.pixels(person.item), map, height_, width_, channels_, out);
    for (int64_t i = 0; drawn != nullptr && i < height_ * width_; ++i) {
      for (int64_t c = 0; c < 3; ++c)
        // What leaves the range of a picture saturates, as in a camera; contrast normalisation undoes the rest.
        out[i * channels_ + c] =
            std::clamp((out[i * channels_ + c] - 0.5F) * drawn->gain + 0.5F + drawn->offset, 0.0F, 1.0F);
    }
  }
  const int64_t joints = settings_.joints.count(), cells = map_height_ * map_width_;
  const std::vector<float>& xy = drawn != nullptr && drawn->flip ? person.mirrored_joints : person.joints;
  float* target = batch.target.data<float>() + index * cells * joints;
  float* weight = batch.weight.data<float>() + index * joints;
  for (int64_t k = 0; k < joints && !xy.empty(); ++k) {
    const float x = xy[static_cast<size_t>(2 * k)], y = xy[static_cast<size_t>(2 * k + 1)];
    if (!std::isfinite(x)) continue;
    const auto cell = to_cells(static_cast<double>(x), static_cast<double>(y));
    weight[k] = 1;
    draw_gaussian(cell[0], cell[1], settings_.sigma, map_height_, map_width_, joints, target + k);
  }
  if (!person.torso) return;
  const Box& box = *person.torso;
  const auto centre = to_cells((static_cast<double>(box.x1) + box.x2) / 2, (static_cast<double>(box.y1) + box.y2) / 2);
  float* torso = batch.torso.data<float>() + index * cells;
  draw_gaussian(centre[0], centre[1], settings_.sigma, map_height_, map_width_, 1, torso);
  if (!inputs || channels_ != 4) return;
  float* out = batch.input.data<float>() + index * height_ * width_ * channels_ + 3;
  const double pixels = settings_.sigma * kStride;
  draw_gaussian(pixel_of_cell(centre[0]), pixel_of_cell(centre[1]), pixels, height_, width_, channels_, out);
}

PersonBatch PersonSampler::batch(const std::vector<const Person*>& people, const std::vector<DrawnAugmentation>* drawn,
                                 bool inputs) const {
  const auto n = static_cast<int64_t>(people.size());
  const int64_t joints = settings_.joints.count();
  PersonBatch batch;
  if (inputs)
    batch.input = channels_ == 4 ? Tensor::zeros({n, height_, width_, channels_})
                                 : Tensor::empty({n, height_, width_, channels_});
  batch.target = Tensor::zeros({n, map_height_, map_width_, joints});
  batch.weight = Tensor::zeros({n, joints});
  batch.torso = Tensor::zeros({n, map_height_, map_width_, 1});
  parallel_tasks(n, [&](int64_t i) {
    fill(*people[static_cast<size_t>(i)], drawn != nullptr ? &(*drawn)[static_cast<size_t>(i)] : nullptr, i, inputs,
         batch);
  });
  return batch;
}

}  // namespace fovea::pose
