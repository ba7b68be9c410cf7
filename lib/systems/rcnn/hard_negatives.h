// Training one linear SVM for each class with the hard negative mining of R-CNN: all classes in one pass over the
// images.
//   Girshick et al. 2014, section 2.3 and appendix B; spec rcnn.md section 6
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "io/features_file.h"
#include "systems/rcnn/linear_svm.h"
#include "systems/rcnn/truth.h"

namespace fovea::rcnn {

struct MiningConfig {
  SvmConfig svm;
  double negative_overlap = 0.3;  // regions whose best IoU with the class is below are negatives; the rest is ignored
  double hard_above = -1.0001;    // scores above make a negative hard
  double evict_below = -1.2;      // cached negatives with scores below leave after training
  int64_t retrain_after = 2000;   // new negatives of a class
  bool skip_difficult = false;    // difficult objects as positives and in overlaps
  uint64_t seed = 1;
};

// A region's scaled features, shared by the classes that cache it.
struct CachedRow {
  int64_t image = 0;  // in the features file
  int32_t region = 0;
  std::shared_ptr<const std::vector<float>> values;
  double multiplier = 0;
};

struct ClassState {
  std::vector<CachedRow> positives, negatives;
  int64_t added = 0;  // negatives since the last training
  int64_t trainings = 0;
  SvmSolution solution;
};

class HardNegativeMiner {
 public:
  // Positives: the true boxes of each class among `features` (regions/object >= 0). Reads their rows at once. The
  // readers must outlive the miner. Throws Error(kData) if the features have no true boxes or name an object the truth
  // does not have.
  HardNegativeMiner(const io::RegionFeaturesReader& features, const Truth& truth, double scale, MiningConfig config);

  // Image `step` of the list (images of several passes are numbered on): collects negatives and retrains where due.
  // `last`: train every class whatever was added.
  void visit(int64_t step, bool last);

  const std::vector<ClassState>& classes() const { return classes_; }
  // Caches as (image, region, multiplier) rows of class k, positives first; and back, rows read from the features
  // again.
  std::vector<double> export_cache(size_t k) const;
  void import_cache(size_t k, const std::vector<double>& rows, int64_t positives, const std::string& place);
  void set_solution(size_t k, SvmSolution solution, int64_t added, int64_t trainings);

 private:
  struct Picture;
  Picture load(int64_t image) const;
  void train(const std::vector<size_t>& which);
  void train_class(size_t k);

  const io::RegionFeaturesReader& features_;
  const Truth& truth_;
  double scale_;
  MiningConfig config_;
  std::vector<ClassState> classes_;
};

// For each box the largest IoU with an object of each class: [boxes, K].
std::vector<double> class_overlaps(const std::vector<Box>& boxes, const std::vector<TrueObject>& objects,
                                   size_t classes, bool skip_difficult);

// 20 / mean L2 norm over up to 200 images drawn by `seed`, up to 200 regions of each.
double feature_scale(const io::RegionFeaturesReader& features, uint64_t seed);

}  // namespace fovea::rcnn
