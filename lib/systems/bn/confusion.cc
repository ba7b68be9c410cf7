#include "systems/bn/confusion.h"

#include "eval/figure.h"

namespace fovea::bn {

eval::ConfusionMatrix confusion_of(const std::vector<double>& probabilities, const data::ImageSource& source,
                                   int64_t classes) {
  eval::ConfusionMatrix matrix(classes);
  for (int64_t i = 0; i < source.size(); ++i) {
    const std::span<const double> row(probabilities.data() + i * classes, static_cast<size_t>(classes));
    if (source.label(i) >= 0) matrix.add(source.label(i), eval::top_classes(row, 1)[0]);
  }
  return matrix;
}

void draw_confusion(const eval::ConfusionMatrix& matrix, const std::vector<std::string>& names, const std::string& path,
                    const std::string& title) {
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

}  // namespace fovea::bn
