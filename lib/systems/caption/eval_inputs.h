// Captions and references of an evaluation, matched by image. Internal to eval*.cc.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/caption_set.h"
#include "eval/caption_corpus.h"
#include "eval/cider.h"
#include "io/captions_file.h"
#include "systems/caption/eval.h"

namespace fovea::caption {

struct EvalInputs {
  eval::WordTable words;
  std::vector<std::string> ids;    // of the measured images
  std::vector<std::string> texts;  // their captions
  eval::CaptionCorpus corpus;
  eval::CaptionCorpus versus;  // the same images, or empty
  eval::DocumentFrequency frequency;
};

// References by image id, whichever file they come from.
data::CaptionSet read_references(const EvalOptions& options);
// Throws Error(kData) for captions of unknown images, images of --split without a caption (unless --listed-only), and
// images without references.
// `captions` is null where they come from --coco-results.
EvalInputs read_eval_inputs(const EvalOptions& options, const data::CaptionSet& references,
                            const io::CaptionsReader* captions);

}  // namespace fovea::caption
