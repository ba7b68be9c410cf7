#include "systems/caption/show.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/text.h"
#include "data/caption_set.h"
#include "io/images_file.h"
#include "systems/caption/pointing.h"

namespace fovea::caption {
namespace {

bool is_page(const std::string& output) { return output.ends_with(".html") || output.ends_with(".htm"); }

// A picture, its caption and what draws them; the caption's arrays live here.
struct Entry {
  std::string id;
  io::Picture picture;
  io::GeneratedCaption caption;
};

Entry read_entry(const io::CaptionsReader& captions, const PictureShelf& shelf, const ShownPicture& shown,
                 int64_t rank) {
  Entry entry;
  entry.id = shelf.source().id(shown.item);
  const int64_t begin = captions.begin(shown.entry), end = captions.begin(shown.entry + 1);
  if (begin + rank >= end) {
    fail_data(captions.path() + ": image " + printable(entry.id), fmt::format("a caption of rank {}", rank),
              fmt::format("{} caption(s)", end - begin));
  }
  entry.picture = shelf.picture(shown.item);
  entry.caption = captions.caption(begin + rank);
  return entry;
}

DrawnCaption drawn_of(const Entry& entry, const io::CaptionsReader& captions,
                      const std::optional<data::Preprocess>& preprocess) {
  DrawnCaption drawn =
      drawn_caption(entry.picture, preprocess, entry.caption, captions.layout().vocabulary, captions.layout().grid);
  drawn.title = caption_of(entry.id);
  return drawn;
}

// Letters that every file system takes.
std::string file_stem(const std::string& id) {
  std::string stem;
  for (const char c : id) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    stem += plain ? c : '_';
  }
  return stem.substr(0, 100);
}

void write_words(const DrawnCaption& drawn, const ShowOptions& options, const std::string& stem,
                 const OutputPolicy& policy) {
  const int64_t words = drawn.grid[0] == 0 ? 0 : static_cast<int64_t>(drawn.words.size());
  for (int64_t word = -1; word < words; ++word) {
    const auto bytes = io::encode_png(draw_cell(drawn, options.draw, word));
    AtomicFile file(fmt::format("{}/{}-{:02}.png", options.per_word, stem, word + 1), policy);
    file.write(std::span<const std::byte>(bytes));
    file.commit();
  }
}

// Reference captions of the pictures, if they come from a set that has them.
class References {
 public:
  explicit References(const ShowOptions& options) {
    const std::string& images = options.shown.inputs.images;
    if (!options.references || images.empty() || images == "-" || !is_page(options.shown.output)) return;
    if (io::ImagesReader(images).set().has_captions) set_ = data::read_caption_set(images);
  }
  std::vector<std::string> of(const std::string& id) const {
    const int64_t image = set_ ? set_->find(id) : -1;
    if (image < 0) return {};
    const auto texts = set_->captions_of(image);
    return {texts.begin(), texts.end()};
  }

 private:
  std::optional<data::CaptionSet> set_;
};

void probe(const ShowOptions& options, const cli::Invocation& invocation) {
  if (options.shown.output.empty() && options.per_word.empty()) {
    fail(ErrorKind::kUsage, "expected --output or --per-word, found neither");
  }
  if (!options.per_word.empty() && !is_directory(options.per_word)) {
    fail(ErrorKind::kCannotCreate, "{}: expected an existing folder, found none", options.per_word);
  }
  if (options.shown.output.empty()) return;
  if (is_page(options.shown.output)) {
    probe_output(options.shown.output, invocation.common.no_clobber);
  } else {
    probe_sheet(options.shown, invocation);
  }
}

}  // namespace

void declare_drawing(cli::OptionTable& table, DrawOptions& options) {
  table.add("normalise", options.normalise, "HOW", "Scale of the maps.")
      .choices({"word", "caption", "none"})
      .source("[paper code]")
      .text(
          "word: each map from its least to its greatest value, which makes flat maps look like patterns. caption: one "
          "scale for all words. none: absolute, the neutral weight 1/L in the middle, sixteen times as much at the "
          "end.");
  table.add("style", options.style, "STYLE", "How a map is laid over the picture.")
      .choices({"light", "grey", "heat"})
      .source("[ours]")
      .text(
          "light: what is not looked at is darkened. grey: the map in grey at opacity 0.8, as the authors drew it. "
          "heat: "
          "in colours.");
  table.add("full-image", options.full_image, "Draw the whole picture, not only the crop that the network saw.");
  table.add("numbers", options.numbers, "Add the greatest weight and the entropy (nats) of each map.");
  table.add("cell", options.side, "N", "Longer side of a cell.").range(32, 2048).source("[paper code]");
}

void declare_show(cli::OptionTable& table, ShowOptions& options) {
  options.shown.count = 1;
  table.operand("CAPTIONS", options.captions, "Generated captions: a fovea.captions file.").is_input_path();
  declare_picture_inputs(table, options.shown.inputs);
  table.group("Drawing");
  declare_chosen_pictures(table, options.shown);
  table.add("rank", options.rank, "K", "Draw the K-th caption of each image; 0: the best.")
      .range(0, 1000)
      .source("[ours]");
  declare_drawing(table, options.draw);
  table.add("references", options.references, "List the references of --images in an HTML page.");
  table.add("per-word", options.per_word, "DIR", "Write each cell as ID-NN.png into this folder too.")
      .completes(cli::Completion::kDirectory)
      .no_effect_on_content();
  declare_sheet(table, options.shown);
  cli::OptionRecord& output = table.find("output")->record();
  output.required = false;
  output.line = "File to write: .png or .svg, or .html for a page.";
}

int show(const ShowOptions& options, const cli::Invocation& invocation) {
  probe(options, invocation);
  const OutputPolicy policy{invocation.common.no_clobber, 0};
  const io::CaptionsReader captions(options.captions);
  const PictureShelf shelf(options.shown.inputs);
  const auto preprocess = seen_preprocess(captions);
  const auto chosen =
      choose_pictures(shelf, options.shown, options.captions, [&](const std::string& id) { return captions.find(id); });
  if (captions.layout().places() == 0) log::warning("{}: no attention in it; the pictures alone", captions.path());
  const References references(options);
  const bool page_wanted = is_page(options.shown.output);
  CaptionPage page(options.shown.title.empty() ? "Captions and attention" : options.shown.title);
  std::vector<Entry> entries;
  entries.reserve(chosen.size());  // DrawnCaptions point into it
  std::vector<DrawnCaption> drawn;
  std::set<std::string> stems;
  Progress progress("show", "image", static_cast<int64_t>(chosen.size()));
  for (const ShownPicture& shown : chosen) {
    if (page_wanted || options.shown.output.empty()) {  // one at a time
      drawn.clear();
      entries.clear();
    }
    entries.push_back(read_entry(captions, shelf, shown, options.rank));
    drawn.push_back(drawn_of(entries.back(), captions, preprocess));
    if (page_wanted) page.add(drawn.back(), options.draw, references.of(entries.back().id));
    if (!options.per_word.empty()) {
      std::string stem = file_stem(drawn.back().title);
      if (!stems.insert(stem).second) stem += fmt::format("-{}", shown.item);
      write_words(drawn.back(), options, stem, policy);
    }
    progress.update(static_cast<int64_t>(&shown - chosen.data()) + 1);
  }
  if (page_wanted) {
    write_file(options.shown.output, page.finish(), policy);
    log::info("{}: {} images", options.shown.output, chosen.size());
  } else if (!options.shown.output.empty()) {
    write_shown(caption_sheet(drawn, options.draw, options.shown.title, static_cast<int>(options.shown.columns)),
                options.shown, invocation);
  }
  return 0;
}

}  // namespace fovea::caption
