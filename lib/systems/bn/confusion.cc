#include "systems/bn/confusion.h"

#include "base/error.h"
#include "base/file.h"
#include "eval/figure.h"

namespace fovea::bn {

eval::ConfusionMatrix confusion_of(const std::vector<double>& probabilities, const data::ImageSource& source, int64_t classes) {
  eval::ConfusionMatrix matrix(classes);
  for (int64_t i = 0; i < source.size(); ++i) {
    const std::span<const double> row(probabilities.data() + i * classes, static_cast<size_t>(classes));
    if (source.label(i) >= 0) matrix.add(source.label(i), eval::top_classes(row, 1)[0]);
  }
  return matrix;
}

std::vector<std::string> class_names(const train::Model& model, const data::ImageSource& source, int64_t classes) {
  if (!model.labels.empty()) return model.labels;
  if (static_cast<int64_t>(source.label_set().size()) == classes) return source.label_set();
  std::vector<std::string> names;
  for (int64_t k = 0; k < classes; ++k) names.push_back(std::to_string(k));
  return names;
}

void draw_confusion(const eval::ConfusionMatrix& matrix, const std::vector<std::string>& names, const std::string& path, const std::string& title) {
  eval::HeatMap map;
  map.rows = map.columns = matrix.classes();
  map.values.assign(matrix.counts().begin(), matrix.counts().end());
  constexpr int64_t kMostLabels = 50;  // beyond, names can't be read and rows are a pixel or two
  if (matrix.classes() <= kMostLabels) map.row_labels = map.column_labels = names;
  eval::Panel panel;
  panel.x.label = "predicted";
  panel.y.label = "true";
  panel.heat_map = std::move(map);
  eval::Figure figure;
  figure.title = title;
  figure.panel_width = figure.panel_height = matrix.classes() <= 20 ? 560 : 900;
  figure.panels.push_back(std::move(panel));
  eval::write_figure(figure, path);
}

void check_same_classes(const train::Model& first, const train::Model& other) {
  const int64_t expected = first.network.output_shape().shape.count(), found = other.network.output_shape().shape.count();
  if (expected != found) fail_data(other.path + ": output", fmt::format("{} classes as in {}", expected, base_name(first.path)), std::to_string(found));
  if (first.labels != other.labels) fail_data(other.path + ": labels", fmt::format("the class list of {}", base_name(first.path)), "another");
}

}  // namespace fovea::bn
