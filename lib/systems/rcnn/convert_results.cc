// rcnn-detect convert: result files of VOC, ILSVRC and COCO -> fovea.detections, and back.
#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <system_error>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "data/coco.h"
#include "data/text_lines.h"
#include "data/voc.h"
#include "data/voc_results.h"
#include "eval/table.h"
#include "io/detections_file.h"
#include "systems/rcnn/convert_parts.h"
#include "systems/run_record.h"

namespace fovea::rcnn {
namespace {

// A result whose image and class are still names.
struct NamedResult {
  std::string image_id, class_name;
  double score = 0;
  Box box;
};

// What --images and --list say of the pictures.
struct Frame {
  std::optional<ImageIndex> images;
  std::vector<std::string> listed;  // id at each index - 1
  std::map<int64_t, std::string> coco_ids;

  explicit Frame(const DetectConvertOptions& options) {
    if (!options.images.empty()) {
      images.emplace(options.images);
      const std::vector<std::string>& ids = images->reader.set().ids;
      const std::vector<int64_t> numbers = data::coco_image_ids(ids);
      for (size_t i = 0; i < ids.size(); ++i) coco_ids.emplace(numbers[i], ids[i]);
    }
    if (!options.list.empty()) read_list(options.list);
  }

  std::vector<std::string> labels() const {
    return images ? images->reader.set().label_set : std::vector<std::string>();
  }

 private:
  void read_list(const std::string& path) {
    std::map<int64_t, std::string> by_index;
    for (const data::ListedImage& item : data::read_image_list(path)) {
      const int64_t index = item.value.value_or(static_cast<int64_t>(by_index.size()) + 1);
      if (!by_index.emplace(index, item.id).second) fail_data(path, "each index once", fmt::format("{} again", index));
    }
    for (const auto& [index, id] : by_index) {
      if (index != static_cast<int64_t>(listed.size()) + 1) {
        fail_data(path, fmt::format("indices 1..{}", by_index.size()), std::to_string(index));
      }
      listed.push_back(id);
    }
  }
};

// Operands, with folders replaced by the result files inside.
std::vector<std::string> voc_result_files(const std::vector<std::string>& inputs) {
  std::vector<std::string> files;
  for (const std::string& input : inputs) {
    if (!is_directory(input)) {
      files.push_back(input);
      continue;
    }
    std::vector<std::string> inside;
    std::error_code code;
    for (auto entry = std::filesystem::directory_iterator(input, code);
         !code && entry != std::filesystem::directory_iterator(); entry.increment(code)) {
      const std::string name = entry->path().filename().string();
      if (name.starts_with("comp") && name.find("_det_") != std::string::npos && name.ends_with(".txt"))
        inside.push_back(input + "/" + name);
    }
    if (code) fail(ErrorKind::kNoInput, "{}: cannot list: {}", input, system_message(code.value()));
    if (inside.empty()) fail_data(input, "comp4_det_SET_CLASS.txt files", "none");
    std::sort(inside.begin(), inside.end());
    files.insert(files.end(), inside.begin(), inside.end());
  }
  return files;
}

std::vector<NamedResult> read_voc(const DetectConvertOptions& options, const Frame& frame,
                                  std::vector<std::string>& classes) {
  const std::vector<std::string> files = voc_result_files(options.inputs);
  // Class names may have underscores: they are cut off by a list, if there is one.
  const bool named = !options.names.empty() || options.classes != std::vector<std::string>{"auto"};
  std::vector<std::string> known =
      named || frame.images ? choose_classes(options, frame.labels(), {}) : std::vector<std::string>();
  std::set<std::string> found;
  for (const std::string& file : files) found.insert(data::parse_voc_result_name(file, known).class_name);
  classes = choose_classes(options, frame.labels(), {found.begin(), found.end()});
  std::vector<NamedResult> results;
  for (const std::string& file : files) {
    const std::string name = data::parse_voc_result_name(file, known).class_name;
    for (data::VocResult& line : data::read_voc_results(file)) {
      results.push_back({std::move(line.image_id), name, line.score, line.box});
    }
  }
  return results;
}

std::vector<NamedResult> read_ilsvrc(const DetectConvertOptions& options, const Frame& frame,
                                     std::vector<std::string>& classes) {
  if (frame.listed.empty()) fail(ErrorKind::kUsage, "--from ilsvrc-results: expected --list, found nothing");
  classes = choose_classes(options, frame.labels(), {});
  if (classes.empty())
    fail(ErrorKind::kUsage, "--from ilsvrc-results: expected --names, --classes or --images, found nothing");
  std::vector<NamedResult> results;
  for (const std::string& file : options.inputs) {
    for (const data::IlsvrcResult& line : data::read_ilsvrc_results(file)) {
      if (line.image_index > static_cast<int64_t>(frame.listed.size())) {
        fail_data(file, fmt::format("image indices 1..{}", frame.listed.size()), std::to_string(line.image_index));
      }
      if (line.class_number > static_cast<int64_t>(classes.size())) {
        fail_data(file, fmt::format("class numbers 1..{}", classes.size()), std::to_string(line.class_number));
      }
      results.push_back({frame.listed[static_cast<size_t>(line.image_index) - 1],
                         classes[static_cast<size_t>(line.class_number) - 1], line.score, line.box});
    }
  }
  return results;
}

std::vector<NamedResult> read_coco(const DetectConvertOptions& options, const Frame& frame,
                                   std::vector<std::string>& classes) {
  std::map<int64_t, std::string> names;
  std::vector<std::string> own = frame.labels();
  if (!options.categories.empty()) {
    const auto categories = read_categories(options.categories);
    names.insert(categories.begin(), categories.end());
    if (own.empty()) {
      for (const auto& [id, name] : names) own.push_back(name);
    }
  }
  classes = choose_classes(options, own, {});
  if (classes.empty())
    fail(ErrorKind::kUsage,
         "--from coco-results: expected --categories, --images, --names or --classes, found nothing");
  if (names.empty()) {
    for (size_t i = 0; i < classes.size(); ++i) names.emplace(static_cast<int64_t>(i) + 1, classes[i]);
  }
  std::vector<NamedResult> results;
  for (const std::string& file : options.inputs) {
    const std::vector<io::CocoBox> boxes = io::read_coco_results(file);
    for (size_t i = 0; i < boxes.size(); ++i) {
      const std::string place = fmt::format("{}: results[{}]", file, i);
      const auto name = names.find(boxes[i].category_id);
      if (name == names.end()) fail_data(place, "the id of a category", std::to_string(boxes[i].category_id));
      std::string id = std::to_string(boxes[i].image_id);
      if (frame.images) {
        const auto known = frame.coco_ids.find(boxes[i].image_id);
        if (known == frame.coco_ids.end()) fail_data(place, "the id of an image of the set", id);
        id = known->second;
      }
      results.push_back({std::move(id), name->second, boxes[i].score, data::from_coco_box(boxes[i].bbox, place)});
    }
  }
  return results;
}

// One entry for each image that the file will have, in its order.
std::vector<io::ImageDetections> image_frames(const DetectConvertOptions& options, const Frame& frame,
                                              const std::vector<NamedResult>& results) {
  std::vector<io::ImageDetections> images;
  if (frame.images) {
    for (const int64_t item : frame.images->of_splits(options.sets)) {
      const auto [height, width] = frame.images->size(item);
      images.push_back({frame.images->reader.set().ids[static_cast<size_t>(item)], height, width, {}});
    }
    return images;
  }
  if (!options.sets.empty()) fail(ErrorKind::kUsage, "--set: expected --images too, found nothing");
  if (!frame.listed.empty()) {
    for (const std::string& id : frame.listed) images.push_back({id, 0, 0, {}});
    return images;
  }
  std::set<std::string> ids;
  for (const NamedResult& result : results) ids.insert(result.image_id);
  for (const std::string& id : ids) images.push_back({id, 0, 0, {}});
  return images;
}

}  // namespace

int import_results(const DetectConvertOptions& options, const cli::Invocation& invocation) {
  probe_output(options.output, invocation.common.no_clobber);
  const Frame frame(options);
  std::vector<std::string> classes;
  const std::vector<NamedResult> results = options.from == "voc-results"      ? read_voc(options, frame, classes)
                                           : options.from == "ilsvrc-results" ? read_ilsvrc(options, frame, classes)
                                                                              : read_coco(options, frame, classes);
  std::vector<io::ImageDetections> images = image_frames(options, frame, results);
  std::unordered_map<std::string, size_t> positions;
  for (size_t i = 0; i < images.size(); ++i) positions.emplace(images[i].image_id, i);
  int64_t others = 0, kept = 0;
  for (const NamedResult& result : results) {
    if (frame.images && frame.images->find(result.image_id) < 0) {
      fail_data(options.inputs[0], "ids of " + base_name(options.images), "'" + printable(result.image_id) + "'");
    }
    const auto image = positions.find(result.image_id);
    if (image == positions.end()) continue;  // of another split
    const int32_t index = data::class_index(classes, result.class_name);
    others += index < 0;
    if (index < 0) continue;
    const float score = data::float_of(result.score, "score of image " + result.image_id);
    images[image->second].detections.push_back({result.box, index, score, -1});
    ++kept;
  }
  if (others > 0) log::warning("{}: {} detection(s) of other classes are left out", options.output, others);
  io::RootAttributes root = run_record(invocation);
  if (frame.images) root.inputs.push_back(file_record("images", options.images, frame.images->reader.attributes()));
  io::DetectionsWriter writer(options.output, std::move(root), classes, writer_options(invocation));
  const size_t count = images.size();
  for (io::ImageDetections& image : images) writer.add(std::move(image));
  const std::string hash = writer.finish();
  log::info("{}: {} detections of {} classes in {} images, content hash {}", options.output, kept, classes.size(),
            count, hash);
  return 0;
}

namespace {

void write_voc_results(const io::DetectionSet& set, const DetectConvertOptions& options, const OutputPolicy& policy) {
  if (options.sets.size() > 1)
    fail(ErrorKind::kUsage, "--set: expected one name for the files, found {}", options.sets.size());
  if (!is_directory(options.output))
    fail(ErrorKind::kCannotCreate, "{}: expected an existing folder, found none", options.output);
  const std::string name = options.sets.empty() ? "test" : options.sets[0];
  data::require_file_name(name, "--set");
  for (const io::ImageDetections& image : set.images)
    data::require_file_name(image.image_id, options.inputs[0] + ": image_id");
  for (size_t k = 0; k < set.class_names.size(); ++k) {
    data::require_file_name(set.class_names[k], options.inputs[0] + ": class_names");
    AtomicFile file(options.output + "/" + data::voc_result_name(name, set.class_names[k]), policy);
    for (const io::ImageDetections& image : set.images) {
      for (const io::Detection& detection : image.detections) {
        if (detection.class_index != static_cast<int32_t>(k)) continue;
        file.write(data::voc_result_line({image.image_id, static_cast<double>(detection.score), detection.box}));
      }
    }
    file.commit();
  }
  log::info("{}: {} result files of set {}", options.output, set.class_names.size(), name);
}

std::unordered_map<std::string, int64_t> coco_numbers(const io::DetectionSet& set, const Frame& frame) {
  std::vector<std::string> ids;
  if (frame.images) {
    ids = frame.images->reader.set().ids;
  } else {
    for (const io::ImageDetections& image : set.images) ids.push_back(image.image_id);
    if (std::any_of(ids.begin(), ids.end(), [](const std::string& id) { return !parse_int(id); })) {
      fail(ErrorKind::kUsage, "--to coco-results: expected --images, because not all ids are numbers, found nothing");
    }
  }
  const std::vector<int64_t> numbers = data::coco_image_ids(ids);
  std::unordered_map<std::string, int64_t> result;
  for (size_t i = 0; i < ids.size(); ++i) result.emplace(ids[i], numbers[i]);
  return result;
}

void write_coco_results(const io::DetectionSet& set, const DetectConvertOptions& options, const Frame& frame,
                        const OutputPolicy& policy) {
  const auto numbers = coco_numbers(set, frame);
  std::vector<int64_t> categories;
  for (size_t k = 0; k < set.class_names.size(); ++k) categories.push_back(static_cast<int64_t>(k) + 1);
  if (!options.categories.empty()) {
    const auto known = read_categories(options.categories);
    for (size_t k = 0; k < categories.size(); ++k) {
      const auto found =
          std::find_if(known.begin(), known.end(), [&](const auto& item) { return item.second == set.class_names[k]; });
      if (found == known.end())
        fail_data(options.categories, "a category '" + printable(set.class_names[k]) + "'", "none");
      categories[k] = found->first;
    }
  }
  std::vector<io::CocoBox> results;
  for (const io::ImageDetections& image : set.images) {
    const auto number = numbers.find(image.image_id);
    if (number == numbers.end())
      fail_data(options.inputs[0] + ": image_id", "ids of " + base_name(options.images),
                "'" + printable(image.image_id) + "'");
    for (const io::Detection& detection : image.detections) {
      io::CocoBox box{number->second, categories[static_cast<size_t>(detection.class_index)],
                      data::to_coco_box(detection.box), false, 0};
      box.score = parse_double(format_number(detection.score)).value_or(0);
      results.push_back(box);
    }
  }
  write_file(options.output, io::coco_results_text(results), policy);
}

void write_ilsvrc_results(const io::DetectionSet& set, const DetectConvertOptions& options, const Frame& frame,
                          const OutputPolicy& policy) {
  if (frame.listed.empty()) fail(ErrorKind::kUsage, "--to ilsvrc-results: expected --list, found nothing");
  std::unordered_map<std::string, int64_t> indices;
  for (const std::string& id : frame.listed) indices.emplace(id, static_cast<int64_t>(indices.size()) + 1);
  AtomicFile file(options.output, policy);
  for (const io::ImageDetections& image : set.images) {
    const auto index = indices.find(image.image_id);
    if (index == indices.end())
      fail_data(options.inputs[0] + ": image_id", "ids of " + base_name(options.list),
                "'" + printable(image.image_id) + "'");
    for (const io::Detection& detection : image.detections) {
      file.write(data::ilsvrc_result_line(
          {index->second, detection.class_index + 1, static_cast<double>(detection.score), detection.box}));
    }
  }
  file.commit();
}

void write_tsv(const io::DetectionSet& set, const DetectConvertOptions& options, const OutputPolicy& policy) {
  AtomicFile file(options.output, policy);
  eval::TableWriter table({{"image_id"}, {"class"}, {"score"}, {"x1"}, {"y1"}, {"x2"}, {"y2"}, {"proposal"}},
                          eval::TableFormat::kTsv, [&](std::string_view line) { file.write(line); });
  for (const io::ImageDetections& image : set.images) {
    for (const io::Detection& item : image.detections) {
      table.add({image.image_id, set.class_names[static_cast<size_t>(item.class_index)], item.score, item.box.x1,
                 item.box.y1, item.box.x2, item.box.y2,
                 item.proposal >= 0 ? eval::Cell(static_cast<int64_t>(item.proposal)) : eval::Cell()});
    }
  }
  table.finish();
  file.commit();
}

}  // namespace

int export_detections(const DetectConvertOptions& options, const cli::Invocation& invocation) {
  const OutputPolicy policy{invocation.common.no_clobber, 0};
  if (options.to != "voc-results") probe_output(options.output, policy.no_clobber);
  const io::DetectionSet set = io::read_detections(options.inputs[0]);
  const Frame frame(options);
  if (options.to == "voc-results")
    write_voc_results(set, options, policy);
  else if (options.to == "coco-results")
    write_coco_results(set, options, frame, policy);
  else if (options.to == "ilsvrc-results")
    write_ilsvrc_results(set, options, frame, policy);
  else
    write_tsv(set, options, policy);
  return 0;
}

}  // namespace fovea::rcnn
