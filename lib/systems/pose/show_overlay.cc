// Skeletons over pictures, heat maps over dimmed pictures, and the detector's inputs.
#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "base/error.h"
#include "base/text.h"
#include "data/joints.h"
#include "data/raster.h"
#include "io/heatmaps_file.h"
#include "io/poses_file.h"
#include "systems/pose/inference.h"
#include "systems/pose/show.h"
#include "tensor/kernels/contrast_norm.h"

namespace fovea::pose {
namespace {

constexpr eval::Color kLeft{0xD5, 0x5E, 0x00}, kRight{0x00, 0x72, 0xB2},
    kMiddle{0x00, 0x9E, 0x73};  // warm, cool, neither

eval::Color side_color(const std::string& joint) {
  return joint.starts_with("left_") ? kLeft : joint.starts_with("right_") ? kRight : kMiddle;
}
eval::Color limb_color(const std::string& a, const std::string& b) {
  const eval::Color x = side_color(a), y = side_color(b);
  return x == y ? x : x == kMiddle ? y : y == kMiddle ? x : kMiddle;
}

// Longer side of the person's joints, from which strokes get their width.
double extent_of(const io::PoseSet& set, int64_t person) {
  float low[2] = {1e9F, 1e9F}, high[2] = {-1e9F, -1e9F};
  for (int64_t k = 0; k < set.joints(); ++k) {
    if (!set.has_joint(person, k)) continue;
    for (int axis = 0; axis < 2; ++axis) {
      low[axis] = std::min(low[axis], set.joint(person, k)[axis]);
      high[axis] = std::max(high[axis], set.joint(person, k)[axis]);
    }
  }
  return std::max({1.0, static_cast<double>(high[0]) - low[0], static_cast<double>(high[1]) - low[1]});
}

void add_skeleton(eval::Overlay& overlay, const io::PoseSet& set, int64_t person, bool is_truth, double min_score) {
  const double size = extent_of(set, person);
  const auto point = [&](int64_t k) {
    return eval::Point{static_cast<double>(set.joint(person, k)[0]), static_cast<double>(set.joint(person, k)[1])};
  };
  for (size_t i = 0; i + 1 < set.edges.size(); i += 2) {
    const int64_t a = set.edges[i], b = set.edges[i + 1];
    if (!set.has_joint(person, a) || !set.has_joint(person, b)) continue;
    const auto color =
        is_truth ? eval::kPaper
                 : limb_color(set.joint_names[static_cast<size_t>(a)], set.joint_names[static_cast<size_t>(b)]);
    overlay.lines.push_back({point(a), point(b), color, (is_truth ? 0.008 : 0.02) * size});
  }
  for (int64_t k = 0; k < set.joints() && !is_truth; ++k) {
    if (!set.has_joint(person, k)) continue;
    const bool weak = !set.score.empty() &&
                      static_cast<double>(set.score[static_cast<size_t>(person * set.joints() + k)]) < min_score;
    overlay.dots.push_back({point(k), 0.018 * size, side_color(set.joint_names[static_cast<size_t>(k)]), weak});
  }
}

using People = std::unordered_map<std::string, std::vector<int64_t>>;

People by_image(const io::PoseSet& set, const std::string& split) {
  People out;
  for (int64_t p = 0; p < set.people(); ++p) {
    if (!split.empty() && (set.split.empty() || set.split[static_cast<size_t>(p)] != split)) continue;
    out[set.image_ids[static_cast<size_t>(set.image[static_cast<size_t>(p)])]].push_back(p);
  }
  return out;
}

}  // namespace

namespace detail {

void show_overlay(const ShowOptions& options, const cli::Invocation& invocation) {
  const io::PoseSet set = io::read_poses(options.files[0]);
  std::optional<io::PoseSet> truth;
  if (!options.truth.empty()) truth = io::read_poses(options.truth);
  const PictureShelf shelf(options.shown.inputs);
  const People people = by_image(set, set.split.empty() ? "" : options.split),
               true_people = truth ? by_image(*truth, options.split) : People();
  std::unordered_map<std::string, int64_t> index;
  for (size_t i = 0; i < set.image_ids.size(); ++i) {
    if (options.split.empty() || set.split.empty() || people.contains(set.image_ids[i]))
      index.emplace(set.image_ids[i], static_cast<int64_t>(i));
  }
  std::vector<eval::Overlay> overlays;
  const auto find = [&](const std::string& id) {
    const auto found = index.find(id);
    return found == index.end() ? int64_t{-1} : found->second;
  };
  for (const ShownPicture& shown : choose_pictures(shelf, options.shown, options.files[0], find)) {
    const std::string& id = set.image_ids[static_cast<size_t>(shown.entry)];
    eval::Overlay overlay{picture_of(shelf.source().pixels(shown.item)), {}, caption_of(id)};
    const auto all = people.find(id), known = true_people.find(id);
    for (const int64_t p : all == people.end() ? std::vector<int64_t>() : all->second)
      add_skeleton(overlay, set, p, false, options.min_score);
    for (const int64_t p : known == true_people.end() ? std::vector<int64_t>() : known->second)
      add_skeleton(overlay, *truth, p, true, 0);
    overlays.push_back(std::move(overlay));
  }
  write_shown(picture_sheet(std::move(overlays), options.shown), options.shown, invocation);
}

}  // namespace detail

namespace {

// Black to red to yellow to white.
eval::Color heat(double t) {
  t = std::clamp(t, 0.0, 1.0);
  const auto part = [](double v) { return static_cast<uint8_t>(std::lround(255 * std::clamp(v, 0.0, 1.0))); };
  return {part(3 * t), part(3 * t - 1), part(3 * t - 2)};
}

// A map over the grey, dimmed picture: what the cells' colours cover grows with their value.
io::Picture blended(const io::Picture& picture, const std::vector<float>& map, int64_t height, int64_t width,
                    const Affine& picture_to_cell, double high) {
  io::Picture out{picture.height, picture.width, 3,
                  std::vector<uint8_t>(static_cast<size_t>(3 * picture.height * picture.width))};
  for (int64_t y = 0; y < picture.height; ++y) {
    for (int64_t x = 0; x < picture.width; ++x) {
      const auto cell = picture_to_cell(static_cast<double>(x), static_cast<double>(y));
      const double cx = std::clamp(cell[0], 0.0, static_cast<double>(width - 1)),
                   cy = std::clamp(cell[1], 0.0, static_cast<double>(height - 1));
      const auto x0 = static_cast<int64_t>(cx), y0 = static_cast<int64_t>(cy), x1 = std::min(x0 + 1, width - 1),
                 y1 = std::min(y0 + 1, height - 1);
      const double fx = cx - static_cast<double>(x0), fy = cy - static_cast<double>(y0);
      const auto at = [&](int64_t i, int64_t j) {
        return static_cast<double>(map[static_cast<size_t>(i * width + j)]);
      };
      const double value =
          (at(y0, x0) * (1 - fx) + at(y0, x1) * fx) * (1 - fy) + (at(y1, x0) * (1 - fx) + at(y1, x1) * fx) * fy;
      const double t = high > 0 ? std::clamp(value / high, 0.0, 1.0) : 0, cover = std::min(1.0, 1.6 * t);
      const eval::Color color = heat(0.25 + 0.75 * t);
      const uint8_t* from = picture.row(y) + x * picture.channels;
      const double grey = picture.channels == 1 ? from[0] : 0.299 * from[0] + 0.587 * from[1] + 0.114 * from[2];
      uint8_t* to = out.row(y) + 3 * x;
      const uint8_t ink[3] = {color.r, color.g, color.b};
      for (int c = 0; c < 3; ++c) to[c] = static_cast<uint8_t>(std::lround(0.45 * grey * (1 - cover) + cover * ink[c]));
    }
  }
  return out;
}

std::string image_of_item(const std::string& item) { return item.substr(0, item.rfind('#')); }

}  // namespace

namespace detail {

// One row of the sheet for each stage of each person, a tile for each joint (and the torso).
void show_heat_maps(const ShowOptions& options, const cli::Invocation& invocation) {
  const io::HeatMapsReader reader(options.files[0]);
  const PictureShelf shelf(options.shown.inputs);
  const auto& layout = reader.layout();
  const int64_t h = layout.height, w = layout.width;
  std::vector<size_t> joints;
  for (size_t k = 0; k < layout.joint_names.size(); ++k) {
    const bool wanted = options.joints.empty() || std::find(options.joints.begin(), options.joints.end(),
                                                            layout.joint_names[k]) != options.joints.end();
    if (wanted) joints.push_back(k);
  }
  if (joints.empty())
    fail(ErrorKind::kUsage, "--joints: expected joints of {}, found '{}'; it has {}", reader.path(),
         join(options.joints, ","), join(layout.joint_names, " "));
  std::unordered_map<std::string, int64_t> first;
  for (int64_t i = 0; i < reader.count(); ++i)
    first.emplace(image_of_item(reader.item_ids()[static_cast<size_t>(i)]), i);
  const auto find = [&](const std::string& id) {
    const auto found = first.find(id);
    return found == first.end() ? int64_t{-1} : found->second;
  };
  eval::Sheet sheet;
  sheet.title = options.shown.title;
  sheet.columns = static_cast<int>(joints.size() + (layout.torso ? 1 : 0));
  for (const ShownPicture& shown : choose_pictures(shelf, options.shown, options.files[0], find)) {
    const io::Picture picture = picture_of(shelf.source().pixels(shown.item));
    const auto a = reader.affine(shown.entry);
    const Affine to_cell = Affine{a[0], a[1], a[2], a[3], a[4], a[5]}.inverse();
    std::vector<const char*> stages{"detector"};
    if (layout.spatial) stages.push_back("spatial");
    for (const char* stage : stages) {
      sheet.row_titles.push_back(
          fmt::format("{}: {}", caption_of(reader.item_ids()[static_cast<size_t>(shown.entry)]),
                      std::string_view(stage) == "detector" ? "part detector" : "after the spatial model"));
      const auto maps = reader.read(stage, shown.entry);
      for (const size_t k : joints) {
        const std::vector<float> map(maps.begin() + static_cast<std::ptrdiff_t>(k) * h * w,
                                     maps.begin() + static_cast<std::ptrdiff_t>(k + 1) * h * w);
        const auto high = static_cast<double>(*std::max_element(map.begin(), map.end()));
        sheet.cells.push_back(
            {blended(picture, map, h, w, to_cell, high), {}, fmt::format("{} {:.2g}", layout.joint_names[k], high)});
      }
      if (layout.torso)
        sheet.cells.push_back(
            {blended(picture, reader.read("torso", shown.entry), h, w, to_cell, 1), {}, "torso hint"});
    }
  }
  sheet.cell_width = 190;
  sheet.cell_height = std::clamp(
      190.0 * static_cast<double>(sheet.cells[0].picture.height) / static_cast<double>(sheet.cells[0].picture.width),
      80.0, 260.0);
  sheet.text_size = 11;
  write_shown(sheet, options.shown, invocation);
}

// What each bank sees: the picture, and the levels of its pyramid after contrast normalisation.
void show_pyramid(const ShowOptions& options, const cli::Invocation& invocation) {
  PoseModel model = load_pose_model(options.files[0]);
  const PictureShelf shelf(options.shown.inputs);
  eval::Sheet sheet;
  sheet.title = options.shown.title;
  const auto find = [&](const std::string&) { return int64_t{0}; };
  std::vector<std::string> levels;
  for (const auto& line : model.detector.text().layers) {
    if (line.kind == "lcn") levels.push_back(line.name);
  }
  sheet.columns = static_cast<int>(levels.size()) + 1;
  const PersonSampler sampler(shelf.source(), model);
  for (const ShownPicture& shown : choose_pictures(shelf, options.shown, options.files[0], find)) {
    Person person;
    person.item = shown.item;
    const NoGrad no_grad;
    const Var input(sampler.batch({&person}, nullptr, true).input);
    const auto paint = [&](const Tensor& x, double low, double high, const std::string& caption) {
      io::Picture picture{x.extent(1), x.extent(2), 3, {}};
      for (int64_t i = 0; i < x.extent(1) * x.extent(2); ++i) {
        for (int64_t c = 0; c < 3; ++c) {
          const double t = (static_cast<double>(x.data<float>()[i * x.extent(3) + c]) - low) / (high - low);
          picture.pixels.push_back(static_cast<uint8_t>(std::lround(255 * std::clamp(t, 0.0, 1.0))));
        }
      }
      sheet.cells.push_back({std::move(picture), {}, caption});
    };
    paint(input.value(), 0, 1, caption_of(shelf.source().id(shown.item)));
    for (const std::string& level : levels) {
      const Tensor x = model.detector.forward_to(level, input, nn::PassContext::inference()).value();
      paint(x, -2.5, 2.5, fmt::format("{}, {}x{}", level, x.extent(1), x.extent(2)));
    }
  }
  write_shown(sheet, options.shown, invocation);
}

}  // namespace detail

}  // namespace fovea::pose
