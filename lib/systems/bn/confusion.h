// Who is taken for whom.
#pragma once

#include <string>
#include <vector>

#include "data/dataset.h"
#include "eval/classification.h"
#include "train/model.h"

namespace fovea::bn {

// Predictions (largest probability) against labels; unlabelled items are left out. `probabilities` [N,K].
eval::ConfusionMatrix confusion_of(const std::vector<double>& probabilities, const data::ImageSource& source,
                                   int64_t classes);

// .svg or .png by suffix.
void draw_confusion(const eval::ConfusionMatrix& matrix, const std::vector<std::string>& names, const std::string& path,
                    const std::string& title);

}  // namespace fovea::bn
