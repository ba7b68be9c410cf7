#include "systems/advgen/show_pictures.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "io/adversarial_file.h"
#include "systems/advgen/adversary_model.h"
#include "systems/advgen/epsilon.h"

namespace fovea::advgen {
namespace {

constexpr double kCell = 150;  // CSS pixels: three pictures and the gap to the next three fit a screen
constexpr double kGrey = 0.5;

uint8_t byte_of(double value) { return static_cast<uint8_t>(std::lround(255 * std::clamp(value, 0.0, 1.0))); }

double largest_of(const std::vector<float>& values) {
  double largest = 0;
  for (const float value : values) largest = std::max(largest, std::abs(static_cast<double>(value)));
  return largest;
}

// What a fovea.adversarial file says of its pictures, in words.
class AdversarialFile {
 public:
  explicit AdversarialFile(const std::string& path) : set_(io::read_adversarial(path)) {
    if (set_.original.empty()) fail_data(path + ": original", "the pictures as they were", "none");
    if (channels() != 1 && channels() != 3) {
      fail_data(path + ": adversarial", "1 or 3 channels", std::to_string(channels()));
    }
  }

  int64_t size() const { return set_.count(); }
  const std::string& id(int64_t item) const { return set_.id[static_cast<size_t>(item)]; }
  int64_t height() const { return set_.layout.height; }
  int64_t width() const { return set_.layout.width; }
  int64_t channels() const { return set_.layout.channels; }

  // Changed by the attack from right to wrong; where no predictions were kept, everything counts.
  bool is_fooled(int64_t item) const {
    const auto i = static_cast<size_t>(item);
    if (set_.prediction_after.empty()) return true;
    return set_.prediction_after[i] != set_.label[i] &&
           (set_.prediction_before.empty() || set_.prediction_before[i] == set_.label[i]);
  }

  std::vector<float> original(int64_t item) const { return pixels(set_.original, item); }
  std::vector<float> adversarial(int64_t item) const { return pixels(set_.adversarial, item); }

  std::string original_caption(int64_t item) const {
    const auto i = static_cast<size_t>(item);
    std::string truth = name(set_.label[i]);
    if (set_.prediction_before.empty()) return truth;
    const std::string said = answer(set_.prediction_before[i], set_.confidence_before, i);
    return set_.prediction_before[i] == set_.label[i] ? said : fmt::format("{} (is {})", said, truth);
  }
  std::string adversarial_caption(int64_t item) const {
    const auto i = static_cast<size_t>(item);
    return set_.prediction_after.empty() ? "" : answer(set_.prediction_after[i], set_.confidence_after, i);
  }

  // "pgd, Linf 8/255"
  std::string attack() const {
    std::string out = set_.layout.attack.empty() ? "attack unknown" : printable(set_.layout.attack);
    if (set_.layout.epsilon > 0) {
      out += fmt::format(", {} {}", set_.layout.norm == "l2" ? "L2" : "Linf", epsilon_text(set_.layout.epsilon));
    }
    return out;
  }

 private:
  std::vector<float> pixels(const std::vector<float>& all, int64_t item) const {
    const auto begin = all.begin() + item * set_.pixels();
    return {begin, begin + set_.pixels()};
  }
  std::string name(int32_t label) const {
    const auto& names = set_.layout.label_set;
    if (label < 0) return "unknown";
    return label < static_cast<int32_t>(names.size()) ? printable(names[static_cast<size_t>(label)])
                                                      : std::to_string(label);
  }
  std::string answer(int32_t label, const std::vector<float>& confidence, size_t i) const {
    if (confidence.empty()) return name(label);
    return fmt::format("{} {:.0f} %", name(label), 100 * static_cast<double>(confidence[i]));
  }

  io::AdversarialSet set_;
};

std::vector<int64_t> choose(const AdversarialFile& file, const ShowOptions& options, const std::string& path) {
  std::vector<int64_t> items;
  for (const std::string& id : options.ids) {
    int64_t item = 0;
    while (item < file.size() && file.id(item) != id) ++item;
    if (item == file.size())
      fail(ErrorKind::kUsage, "--id: expected an image of {}, found '{}'", base_name(path), printable(id));
    items.push_back(item);
  }
  if (!items.empty()) return items;
  for (int64_t item = 0; item < file.size() && static_cast<int64_t>(items.size()) < options.count; ++item) {
    if (!options.fooled || file.is_fooled(item)) items.push_back(item);
  }
  if (items.empty()) {
    throw Error(ErrorKind::kData,
                fmt::format("{}: expected pictures that the attack turned from right to wrong, found none", path),
                "show the others with --no-fooled");
  }
  return items;
}

std::vector<float> difference(const std::vector<float>& a, const std::vector<float>& b) {
  std::vector<float> out(a.size());
  std::transform(a.begin(), a.end(), b.begin(), out.begin(), std::minus<>());
  return out;
}

std::string factor_text(double factor) { return fmt::format("x {}", format_number(factor)); }

eval::Overlay cell(io::Picture picture, std::string caption) { return {std::move(picture), {}, std::move(caption)}; }

eval::Sheet sheet_of(int64_t height, int64_t width, int columns) {
  eval::Sheet sheet;
  sheet.columns = columns;
  const double longer = static_cast<double>(std::max(height, width));
  sheet.cell_width = std::max(100.0, kCell * static_cast<double>(width) / longer);
  sheet.cell_height = std::max(40.0, kCell * static_cast<double>(height) / longer);
  sheet.text_size = 12;
  return sheet;
}

}  // namespace

io::Picture picture_of_pixels(const std::vector<float>& pixels, int64_t height, int64_t width, int64_t channels) {
  io::Picture picture{height, width, channels, {}};
  for (const float value : pixels) picture.pixels.push_back(byte_of(static_cast<double>(value)));
  return picture;
}

io::Picture amplified(const std::vector<float>& values, int64_t height, int64_t width, int64_t channels,
                      double factor) {
  io::Picture picture{height, width, channels, {}};
  for (const float value : values) picture.pixels.push_back(byte_of(kGrey + factor * static_cast<double>(value)));
  return picture;
}

double fitting_factor(double largest) {
  if (!(largest > 0)) return 1;
  double factor = 1;
  for (double power = 1; power <= 1e6; power *= 10) {
    for (const double step : {1.0, 2.0, 5.0}) {
      if (power * step * largest <= kGrey + 1e-6) factor = power * step;
    }
  }
  return factor;
}

eval::Sheet picture_sheet(const ShowOptions& options) {
  const std::string& path = options.inputs.front();
  const AdversarialFile file(path);
  const auto items = choose(file, options, path);
  std::vector<std::vector<float>> originals, attacked, differences;
  double largest = 0;
  for (const int64_t item : items) {
    originals.push_back(file.original(item));
    attacked.push_back(file.adversarial(item));
    differences.push_back(difference(attacked.back(), originals.back()));
    largest = std::max(largest, largest_of(differences.back()));
  }
  const double factor = options.amplify > 0 ? options.amplify : fitting_factor(largest);
  const int columns = static_cast<int>(3 * std::min<int64_t>(options.pairs, static_cast<int64_t>(items.size())));
  eval::Sheet sheet = sheet_of(file.height(), file.width(), columns);
  sheet.title = options.title.empty() ? fmt::format("{}: {}; original, perturbation {}, attacked", base_name(path),
                                                    file.attack(), factor_text(factor))
                                      : options.title;
  for (size_t i = 0; i < items.size(); ++i) {
    const auto paint = [&](const std::vector<float>& pixels) {
      return picture_of_pixels(pixels, file.height(), file.width(), file.channels());
    };
    sheet.cells.push_back(cell(paint(originals[i]), file.original_caption(items[i])));
    sheet.cells.push_back(
        cell(amplified(differences[i], file.height(), file.width(), file.channels(), factor), factor_text(factor)));
    sheet.cells.push_back(cell(paint(attacked[i]), file.adversarial_caption(items[i])));
  }
  return sheet;
}

eval::Sheet perturbation_sheet(const ShowOptions& options) {
  const std::string& path = options.inputs.front();
  const AdversaryModel loaded = load_adversary_model(path);
  if (!loaded.generator || loaded.generator->settings().source != GeneratorSource::kNoise) {
    throw Error(ErrorKind::kData,
                path + ": generator: expected a universal one, found " +
                    (loaded.generator ? "one that looks at each picture" : "none"),
                "make one with: advgen-train generate --kind universal");
  }
  const data::Preprocess& size = loaded.model.preprocess;
  const NoGrad no_grad;
  const Tensor& noise = loaded.generator->noise();
  const Tensor delta =
      loaded.generator->perturbation(noise, {1, size.height, size.width, size.channels}, nn::PassContext::inference())
          .value();
  const auto values = delta.span<float>();
  const std::vector<float> pixels(values.begin(), values.end());
  const double largest = largest_of(pixels), factor = options.amplify > 0 ? options.amplify : fitting_factor(largest);
  const double squares = std::inner_product(pixels.begin(), pixels.end(), pixels.begin(), 0.0);
  eval::Sheet sheet = sheet_of(size.height, size.width, 1);
  sheet.cell_width *= 3, sheet.cell_height *= 3;
  sheet.title =
      options.title.empty() ? fmt::format("{}: one perturbation for all pictures", base_name(path)) : options.title;
  sheet.cells.push_back(
      cell(amplified(pixels, size.height, size.width, size.channels, factor),
           fmt::format("{}; Linf {:.4f}, L2 {:.3f}", factor_text(factor), largest, std::sqrt(squares))));
  return sheet;
}

}  // namespace fovea::advgen
