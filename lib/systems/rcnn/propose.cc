// rcnn-propose run
#include "systems/rcnn/propose.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "base/text.h"
#include "systems/run_record.h"

namespace fovea::rcnn {
namespace {

io::ImageProposals search_item(const data::ImageSource& source, int64_t item, const SearchConfig& config) {
  const data::PixelView pixels = source.pixels(item);
  SearchResult found = selective_search(pixels, config, source.name() + ": image " + source.id(item));
  return {source.id(item),
          static_cast<int32_t>(pixels.height),
          static_cast<int32_t>(pixels.width),
          std::move(found.boxes),
          std::move(found.scores),
          std::move(found.masks)};
}

// Pictures side by side unless that could need too much memory; one picture at a time is parallel inside.
int64_t pictures_at_once(const data::ImageSource& source, int64_t begin, int64_t end, const SearchConfig& config) {
  int64_t largest = 1;
  for (int64_t i = begin; i < end; ++i) {
    const auto [height, width] = source.size_of(i);
    largest = std::max(largest, height * width);
  }
  const int64_t bytes = largest * static_cast<int64_t>(config.color_spaces.size()) * 150;
  const int64_t fit = max_memory() / 2 / std::max<int64_t>(bytes, 1);
  return fit < thread_count() || end - begin < thread_count() ? 1 : 4 * thread_count();
}

template <typename Consume>
void search_all(const data::ImageSource& source, int64_t begin, int64_t end, const SearchConfig& config,
                Consume&& consume) {
  Progress progress("propose", "picture", end - begin);
  parallel_ordered(
      end - begin, pictures_at_once(source, begin, end, config),
      [&](int64_t i) { return search_item(source, begin + i, config); },
      [&](int64_t i, io::ImageProposals found) {
        consume(found);
        progress.update(i + 1, fmt::format("{} boxes", found.boxes.size()));
      });
}

}  // namespace

void declare_search(cli::OptionTable& table, SearchOptions& options, const std::vector<std::string>& not_with) {
  const size_t first = table.options().size();
  table.group("Selective search");
  table.add("mode", options.mode, "MODE", "Preset: single, fast (8 groupings) or quality (80).")
      .choices({"single", "fast", "quality"})
      .source("[Uijlings 2013, table 5]");
  table.add("colors", options.color_spaces, "LIST", "Colour spaces instead of the mode's.")
      .choices(color_space_names());
  table.add("similarities", options.similarities, "LIST", "Terms instead of the mode's, e.g. ctsf,tsf.")
      .text("Letters: c colour, t texture, s size, f fill. Each entry is one grouping; its terms are averaged.");
  table.add("scale", options.scales, "LIST", "k of the initial segmentation, instead of the mode's.")
      .above(0)
      .at_most(1e6)
      .source("[Uijlings 2013, §5.1]");
  table.add("sigma", options.sigma, "S", "Smoothing before the segmentation, in pixels.")
      .range(0, 20)
      .source("[Uijlings 2013, §5.1]");
  table.add("min-region", options.min_region, "N", "Smallest initial region in pixels; 0: k.")
      .range(0, 1e9)
      .source("[authors' code]");
  table.add("min-side", options.min_side, "N", "Drop boxes narrower or lower than this.")
      .range(1, 16384)
      .source("[authors' code]");
  table.add("bins", options.bins, "RULE", "Colour histogram bins; round: as the authors' code.")
      .choices({"floor", "round"});
  table.add("im-width", options.im_width, "N", "Work at this width; 0: as is. ILSVRC: 500.")
      .range(0, 16384)
      .source("[R-CNN §4.3]");
  table.add("top", options.top, "N", "Keep the N best boxes; 0: all.").at_least(0).source("[ours]");
  for (size_t i = first; i < table.options().size(); ++i) {
    for (const auto& other : not_with) table.options()[i].not_with(other);
  }
}

SearchConfig search_config(const SearchOptions& options, uint64_t seed) {
  SearchConfig config = search_mode(options.mode);
  if (!options.color_spaces.empty()) config.color_spaces.clear();
  for (const auto& name : options.color_spaces) config.color_spaces.push_back(parse_color_space(name));
  if (!options.similarities.empty()) config.similarities.clear();
  for (const auto& letters : options.similarities) config.similarities.push_back(parse_similarity(letters));
  if (!options.scales.empty()) config.scales = options.scales;
  config.sigma = options.sigma;
  config.min_region = options.min_region;
  config.min_side = options.min_side;
  config.color_bins = options.bins == "round" ? ColorBinRule::kRound : ColorBinRule::kFloor;
  config.picture_width = options.im_width;
  config.max_boxes = options.top;
  config.seed = seed;
  return config;
}

void declare_propose(cli::OptionTable& table, ProposeOptions& options) {
  declare_picture_inputs(table, options.inputs);
  declare_search(table, options.search);
  table.group("Output");
  table.output(options.output, "Proposals to write; without it a table of boxes is printed.");
  table.add("masks", options.masks, "Store which pixels each region covers (about 60 bytes each).");
}

int propose(const ProposeOptions& options, const cli::Invocation& invocation) {
  SearchConfig config = search_config(options.search, invocation.common.seed);
  config.masks = options.masks;
  if (!options.output.empty()) probe_output(options.output, invocation.common.no_clobber);
  if (options.output.empty() && options.masks) fail(ErrorKind::kUsage, "--masks: needs --output");
  const data::ImageSource source = open_pictures(options.inputs);
  const auto [begin, end] = invocation.common.shard.range(source.size());
  if (invocation.common.dry_run) {
    log::info("{} pictures, {}", end - begin, describe(config));
    return 0;
  }
  if (options.output.empty()) {
    eval::Table table;
    table.columns = {{"image"}, {"rank"}, {"x1", 1}, {"y1", 1}, {"x2", 1}, {"y2", 1}, {"score"}};
    search_all(source, begin, end, config, [&](const io::ImageProposals& found) {
      for (size_t i = 0; i < found.boxes.size(); ++i) {
        const Box& box = found.boxes[i];
        table.rows.push_back(
            {found.image_id, static_cast<int64_t>(i) + 1, box.x1, box.y1, box.x2, box.y2, found.scores[i]});
      }
    });
    print_table(table, invocation);
    return 0;
  }
  io::RootAttributes root = run_record(invocation);
  root.inputs.push_back(input_record("images", source));
  io::ProposalsWriter writer(options.output, root, {true, options.masks, describe(config)}, writer_options(invocation));
  search_all(source, begin, end, config, [&](const io::ImageProposals& found) { writer.add(found); });
  const int64_t pictures = writer.images(), regions = writer.regions();
  const std::string hash = writer.finish();
  log::info("{}: {} boxes of {} pictures, content hash {}", options.output, regions, pictures, hash);
  return 0;
}

}  // namespace fovea::rcnn
