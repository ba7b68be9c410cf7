// caption-attend show: captions and where their words looked.
#pragma once

#include <string>

#include "systems/caption/drawing.h"
#include "systems/shown_pictures.h"

namespace fovea::caption {

struct ShowOptions {
  ShownPictures shown;
  std::string captions;  // fovea.captions
  DrawOptions draw;
  int64_t rank = 0;
  std::string per_word;  // folder
  bool references = true;
};
void declare_show(cli::OptionTable& table, ShowOptions& options);
int show(const ShowOptions& options, const cli::Invocation& invocation);

// The options of the drawing alone, for predict.
void declare_drawing(cli::OptionTable& table, DrawOptions& options);

}  // namespace fovea::caption
