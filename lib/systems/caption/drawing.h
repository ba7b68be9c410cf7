// A caption and where each of its words looked, as pictures: montage and HTML. Used by show, and by predict for
// photographs.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/vocabulary.h"
#include "eval/attention_map.h"
#include "eval/overlay.h"
#include "io/captions_file.h"
#include "io/picture.h"

namespace fovea::caption {

struct DrawOptions {
  std::string normalise = "word";  // word: each map from its least to its greatest; caption: one scale; none: 1/L to 1
  std::string style = "light";     // light: the rest is darkened; grey: the authors' map at opacity 0.8; heat: colours
  bool full_image = false;         // the whole picture instead of what the network saw
  bool numbers = false;            // greatest weight and entropy under each word
  int64_t side = 224;              // longer side of a cell, CSS pixels
};

// What is drawn. The spans and the picture must outlive it.
struct DrawnCaption {
  const io::Picture* picture = nullptr;
  eval::SeenArea area;            // of the picture
  std::array<int32_t, 2> grid{};  // {0, 0} = no attention: the picture and the words alone
  std::vector<std::string> words;
  std::span<const float> attention;  // words x places, may go on (an end word)
  std::span<const float> gate;       // one for each word, or empty
  std::string title;
};

// Words of the caption up to its end; `attention` and `gate` are views of `caption`.
DrawnCaption drawn_caption(const io::Picture& picture, const std::optional<data::Preprocess>& preprocess,
                           const io::GeneratedCaption& caption, const std::vector<std::string>& vocabulary,
                           std::array<int32_t, 2> grid);

// Cell 0 is the picture, cell t + 1 word t. Each has the picture's (or the seen area's) proportions, twice as many
// pixels as CSS pixels.
io::Picture draw_cell(const DrawnCaption& drawn, const DrawOptions& options, int64_t word);  // word -1: the picture
std::string cell_label(const DrawnCaption& drawn, const DrawOptions& options, int64_t word);

// One caption: round(sqrt(cells)) rows, as the authors' notebook. Several: a row each.
eval::Sheet caption_sheet(std::span<const DrawnCaption> drawn, const DrawOptions& options, const std::string& title,
                          int columns);

// A page that needs no other file: pictures are data URIs, words are text; no scripts.
class CaptionPage {
 public:
  explicit CaptionPage(const std::string& title);
  void add(const DrawnCaption& drawn, const DrawOptions& options, const std::vector<std::string>& references);
  std::string finish();

 private:
  std::string out_;
};

}  // namespace fovea::caption
