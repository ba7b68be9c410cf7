// CIDEr and CIDEr-D: agreement with the references in n-grams that few images have.
//   Vedantam, Zitnick, Parikh, "CIDEr: consensus-based image description evaluation", CVPR 2015
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "eval/caption_corpus.h"
#include "eval/ngram.h"

namespace fovea::eval {

// In how many images an n-gram occurs in any reference.
class DocumentFrequency {
 public:
  void add(const std::vector<WordIds>& references);  // of one more image
  int64_t images() const { return images_; }
  // log N - log max(1, df)
  double inverse(const Ngram& ngram) const;

 private:
  // A table of linear probing: millions of n-grams, looked up tens of millions of times. Count 0 = free.
  struct Slot {
    Ngram ngram;
    int32_t count = 0;
  };
  std::vector<Slot> slots_ = std::vector<Slot>(1024);
  size_t used_ = 0;
  int64_t images_ = 0;
  size_t find(const Ngram& ngram) const;  // its slot, or the free one where it belongs
  void grow();
};

struct CiderScore {
  double cider = 0;    // cosines of the weighted n-gram vectors
  double cider_d = 0;  // clipped to the reference, and falling with the difference in length
};

// Both are 10 times the mean over n = 1..4 and over the references. Weights are count * inverse(ngram). CIDEr-D of an
// n and a reference: sum of min(w_c, w_r) w_r / (|w_c| |w_r|) * exp(-(l_c - l_r)^2 / 72), l = number of bigrams.
// Of a corpus: the mean over its images. What the COCO caption evaluator prints as CIDEr is CIDEr-D.
CiderScore cider_score(const CaptionCase& item, const DocumentFrequency& frequency);

}  // namespace fovea::eval
