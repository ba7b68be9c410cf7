// caption-attend convert and vocab: other programs' files of captions <-> ours.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/common.h"
#include "cli/option.h"
#include "data/captioned_images.h"

namespace fovea::caption {

struct ConvertOptions {
  std::vector<std::string> inputs;
  std::string output, from = "fovea", to = "fovea";
  std::string pictures;           // folder
  std::string split;              // of all images read
  std::vector<std::string> sets;  // splits to keep
  std::string restval = "skip", text = "raw";
  int64_t captions_per_image = -1;  // -1: 5 for coco, else all; 0: all
  int64_t max_caption_bytes = data::kMaxCaptionBytes;
  bool strict = false, skip_bad_images = false, copy_pictures = true;
  int64_t count = 5000, side = 64;  // scenes
  int64_t min_objects = 1, max_objects = 2;
  double noise = 1, test_fraction = 0.1, val_fraction = 0.1;
};
void declare_convert(cli::OptionTable& table, ConvertOptions& options);
// Returns 0. flickr8k, karpathy, coco, tsv and scenes become a fovea.images file, coco-results a fovea.captions file;
// fovea.images becomes flickr8k, karpathy, coco or tsv, fovea.captions coco-results or tsv.
int convert(const ConvertOptions& options, const cli::Invocation& invocation);

struct VocabOptions {
  std::string data, split = "train", tokenizer = "ptb";
  int64_t size = 10000, min_count = 1;
  bool keep_punctuation = false;
};
void declare_vocab(cli::OptionTable& table, VocabOptions& options);
// Prints the words with their ids and counts.
int vocab(const VocabOptions& options, const cli::Invocation& invocation);

}  // namespace fovea::caption
