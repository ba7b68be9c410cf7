// Class probabilities of trained networks over image sets: crops, ensembles, error rates (spec section 9).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "data/crops.h"
#include "data/dataset.h"
#include "train/model.h"

namespace fovea {

struct CropOptions {
  data::CropScheme scheme = data::CropScheme::kCenter;
  int64_t batch = 100;  // network batch; crops of several pictures share one
};

// Probabilities [N,K] in double, averaged over the crops of each picture (probabilities, not logits: Ioffe & Szegedy
// 2015, section 4.2.2). nullopt if should_stop() said so.
std::optional<std::vector<double>> class_probabilities(nn::Network& network, const data::Preprocess& preprocess,
                                                       const data::ImageSource& source, const CropOptions& options,
                                                       const std::function<bool()>& should_stop);

struct Score {
  int64_t items = 0;
  double top1_error = 0, top5_error = 0;  // shares
  double loss = 0;                        // mean negative log of the probability of the label
};
Score score_probabilities(const std::vector<double>& probabilities, const data::ImageSource& source, int64_t classes);

// Runs the network in inference mode over centre crops: the quick evaluation during training.
std::optional<Score> quick_score(nn::Network& network, const data::Preprocess& preprocess,
                                 const data::ImageSource& source, int64_t batch,
                                 const std::function<bool()>& should_stop);

// A network to be trained for this many classes. Throws Error(kData) unless it has an output for each.
void check_output(const nn::Network& network, int64_t classes);

// Labels of the data against the classes of a model: same names in the same order where both have names, and in range.
// Throws Error(kData).
void check_labels(const std::vector<std::string>& model_labels, int64_t classes, const data::ImageSource& source);

// Names for all classes: the model's, else the data's, else numbers.
std::vector<std::string> class_names(const train::Model& model, const data::ImageSource& source, int64_t classes);

// Models that are compared or averaged may differ in architecture but must share the class list. Throws Error(kData).
void check_same_classes(const train::Model& first, const train::Model& other);

}  // namespace fovea
