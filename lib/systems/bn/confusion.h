// Who is taken for whom.
#pragma once

#include <string>
#include <vector>

#include "data/dataset.h"
#include "eval/classification.h"
#include "train/model.h"

namespace fovea::bn {

// Predictions (largest probability) against labels; unlabelled items are left out. `probabilities` [N,K].
eval::ConfusionMatrix confusion_of(const std::vector<double>& probabilities, const data::ImageSource& source, int64_t classes);

// Names for all classes: the model's, else the data's, else numbers.
std::vector<std::string> class_names(const train::Model& model, const data::ImageSource& source, int64_t classes);

// .svg or .png by suffix.
void draw_confusion(const eval::ConfusionMatrix& matrix, const std::vector<std::string>& names, const std::string& path, const std::string& title);

// Members of an ensemble may differ in architecture but must share the class list (spec section 9). Throws Error(kData).
void check_same_classes(const train::Model& first, const train::Model& other);

}  // namespace fovea::bn
