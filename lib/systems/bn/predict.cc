// bn-train predict
#include "base/error.h"
#include "base/file.h"
#include "eval/classification.h"
#include "systems/bn/commands.h"
#include "systems/bn/confusion.h"
#include "systems/classification.h"
#include "systems/image_sources.h"
#include "systems/precision.h"
#include "systems/run_record.h"

namespace fovea::bn {

int predict(const PredictOptions& options, const cli::Invocation& invocation) {
  if (options.pictures.empty() == options.data.empty()) {
    fail(ErrorKind::kUsage, "expected either PICTURE operands or --data, found {}",
         options.data.empty() ? "neither" : "both");
  }
  const CropOptions crops{data::parse_crop_scheme(options.crops), options.batch};
  set_precision(options.precision);
  std::vector<train::Model> models;
  for (const auto& path : options.models) models.push_back(train::load_model(path));
  const data::ImageSource source = options.data.empty()
                                       ? data::ImageSource::from_files(options.pictures)
                                       : open_split(options.data, options.split, 0, options.skip_bad_images, false);
  std::vector<std::vector<double>> members;
  const int64_t classes = models[0].network.output_shape().shape.count();
  for (auto& model : models) {
    check_same_classes(models[0], model);
    if (options.resize_side > 0) model.preprocess.resize_side = options.resize_side;
    members.push_back(*class_probabilities(model.network, model.preprocess, source, crops, [] { return false; }));
  }
  const std::vector<double> mean = eval::mean_of(members);
  const auto names = class_names(models[0], source, classes);
  eval::Table table;
  table.columns = {{"image"}, {"rank"}, {"class"}, {"index"}, {"probability"}};
  for (int64_t i = 0; i < source.size(); ++i) {
    const std::span<const double> row(mean.data() + i * classes, static_cast<size_t>(classes));
    int64_t rank = 1;
    for (const int64_t k : eval::top_classes(row, options.top)) {
      table.rows.push_back({source.id(i), rank++, names[static_cast<size_t>(k)], k, row[static_cast<size_t>(k)]});
    }
  }
  print_table(table, invocation);
  return 0;
}

}  // namespace fovea::bn
