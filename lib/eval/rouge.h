// ROUGE-L: the longest common subsequence of a caption and its references.
//   Lin, "ROUGE: a package for automatic evaluation of summaries", 2004; as the COCO caption evaluator computes it
#pragma once

#include "eval/caption_corpus.h"

namespace fovea::eval {

// P = greatest lcs/|hypothesis|, R = greatest lcs/|reference|, each over all references (not of the same one);
// (1 + beta^2) P R / (R + beta^2 P) with beta = 1.2, and 0 if P or R is 0. Of a corpus: the mean over its images.
// A sentence without words counts as one empty word.
double rouge_l(const CaptionCase& item);

}  // namespace fovea::eval
