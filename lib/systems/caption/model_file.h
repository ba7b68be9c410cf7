// A caption model on disk: a checkpoint that holds all that prediction needs, the vocabulary included.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/tokenizer.h"
#include "data/vocabulary.h"
#include "io/checkpoint_file.h"
#include "io/grid_features_file.h"
#include "systems/caption/decoder.h"

namespace fovea::caption {

// Where words and annotation vectors come from.
struct ModelContext {
  data::Vocabulary vocabulary;
  data::TokenizerKind tokenizer = data::TokenizerKind::kPtb;
  bool keep_punctuation = false;
  io::GridLayout features;
};

struct CaptionModel {
  Decoder decoder;
  ModelContext context;
  std::string path, hash;
};

void store_caption_model(Decoder& decoder, const ModelContext& context, io::CheckpointData& data);
// Parameters by name into a decoder of the same configuration. Throws Error(kData).
void restore_parameters(Decoder& decoder, const io::CheckpointData& data, const std::string& origin);
// Throws Error(kData) for checkpoints of other systems, missing or misshapen arrays.
CaptionModel load_caption_model(const std::string& path);

// Throws Error(kData) unless features of this layout are what the model was trained on: grid, dimension, layer,
// network.
void check_features(const io::GridLayout& features, const CaptionModel& model, const std::string& origin);

}  // namespace fovea::caption
