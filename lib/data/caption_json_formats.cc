#include "data/caption_json_formats.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/tokenizer.h"
#include "io/json_items.h"

namespace fovea::data {
namespace {

using io::Json;

void require_object(const Json& item, const std::string& place) {
  if (!item.is_object()) fail_data(place, "an object", item.type_name());
}

std::string optional_text(const Json& item, const std::string& key, const std::string& place) {
  return item.contains(key) ? io::json_text(item, key, place) : "";
}

// An id as text: COCO's are numbers, other sets have words.
std::string id_text(const Json& item, const std::string& key, const std::string& place) {
  if (item.contains(key) && item.at(key).is_string()) return item.at(key).get<std::string>();
  return std::to_string(io::json_int(item, key, place));
}

std::string sentence_text(const Json& sentence, bool tokens, const std::string& place) {
  if (!tokens && sentence.contains("raw")) return io::json_text(sentence, "raw", place);
  if (!sentence.contains("tokens") || !sentence.at("tokens").is_array()) {
    fail_data(place + ": tokens", "a list of words", "something else");
  }
  std::string text;
  for (const Json& token : sentence.at("tokens")) {
    if (!token.is_string()) fail_data(place + ": tokens", "words", token.type_name());
    text += (text.empty() ? "" : " ") + token.get<std::string>();
  }
  return text;
}

template <typename T, typename Describe>
void write_list(std::string& out, const std::vector<T>& items, Describe&& describe) {
  out += "[";
  for (size_t i = 0; i < items.size(); ++i) out += (i == 0 ? "\n" : ",\n") + io::canonical_json(describe(items[i], i));
  out += items.empty() ? "]" : "\n]";
}

}  // namespace

void parse_karpathy(std::string_view text, const std::string& origin, const KarpathyOptions& options,
                    CaptionCollector& to) {
  std::unordered_set<int64_t> sentence_ids;
  io::for_each_json_item(text, origin, {"images"},
                         [&](std::string_view, int64_t, const Json& item, const std::string& place) {
                           require_object(item, place);
                           CaptionedImage image;
                           const std::string file = io::json_text(item, "filename", place),
                                             folder = optional_text(item, "filepath", place);
                           image.path = folder.empty() ? file : folder + "/" + file;
                           image.id = item.contains("cocoid") ? id_text(item, "cocoid", place) : file;
                           image.split = io::json_text(item, "split", place);
                           if (image.split == "none") image.split.clear();
                           if (image.split == "restval") {
                             if (!options.restval_as_train) {
                               ++to.skipped_images;
                               return;
                             }
                             image.split = "train";
                           }
                           const int64_t number = to.add_image(std::move(image), place);
                           if (!item.contains("sentences") || !item.at("sentences").is_array()) {
                             fail_data(place + ": sentences", "a list",
                                       item.contains("sentences") ? item.at("sentences").type_name() : "nothing");
                           }
                           int64_t count = 0;
                           for (const Json& sentence : item.at("sentences")) {
                             const std::string at = fmt::format("{}: sentences[{}]", place, count++);
                             require_object(sentence, at);
                             if (sentence.contains("sentid")) {
                               const int64_t id = io::json_int(sentence, "sentid", at);
                               if (!sentence_ids.insert(id).second)
                                 fail_data(at + ": sentid", "different ids", std::to_string(id) + " again");
                             }
                             to.add_caption(number, sentence_text(sentence, options.tokens, at), at);
                           }
                         });
}

void parse_coco_captions(std::string_view text, const std::string& origin, const std::string& split, int64_t per_image,
                         CaptionCollector& to) {
  struct Annotation {
    int64_t id, image_id;
    std::string caption;
    int64_t index;
  };
  std::vector<Annotation> annotations;
  std::unordered_set<int64_t> ids;
  int64_t held = 0;
  io::for_each_json_item(
      text, origin, {"images", "annotations"},
      [&](std::string_view list, int64_t index, const Json& item, const std::string& place) {
        require_object(item, place);
        if (list == "images") {
          to.add_image(
              {std::to_string(io::json_int(item, "id", place)), optional_text(item, "file_name", place), split, {}},
              place);
          return;
        }
        Annotation made{io::json_int(item, "id", place), io::json_int(item, "image_id", place),
                        io::json_text(item, "caption", place), index};
        if (!ids.insert(made.id).second)
          fail_data(place, "captions with different ids", std::to_string(made.id) + " again");
        held += static_cast<int64_t>(2 * sizeof(Annotation) + made.caption.size());
        require_memory(held, place);
        annotations.push_back(std::move(made));
      });
  std::sort(annotations.begin(), annotations.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  for (const Annotation& annotation : annotations) {
    const std::string place = fmt::format("{}: annotations[{}]", origin, annotation.index);
    const int64_t image = to.find(std::to_string(annotation.image_id));
    if (image < 0) fail_data(place, "the id of an image", std::to_string(annotation.image_id));
    const auto before = to.images()[static_cast<size_t>(image)].captions.size();
    if (per_image > 0 && static_cast<int64_t>(before) >= per_image) continue;
    to.add_caption(image, annotation.caption, place);
  }
}

std::vector<CaptionResult> parse_caption_results(std::string_view text, const std::string& origin) {
  std::vector<CaptionResult> results;
  std::unordered_set<std::string> seen;
  int64_t held = 0;
  io::for_each_json_item(text, origin, {}, [&](std::string_view, int64_t, const Json& item, const std::string& place) {
    require_object(item, place);
    CaptionResult made{id_text(item, "image_id", place), io::json_text(item, "caption", place)};
    if (!seen.insert(made.image_id).second) {
      fail_data(place, "one caption for each image", "'" + printable(made.image_id) + "' again");
    }
    std::replace_if(
        made.caption.begin(), made.caption.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    made.caption = std::string(trim(made.caption));
    held += static_cast<int64_t>(sizeof(made) * 2 + made.caption.size());
    require_memory(held, place);
    results.push_back(std::move(made));
  });
  return results;
}

std::string karpathy_text(const std::vector<CaptionedImage>& images, const std::vector<int64_t>& numbers,
                          const std::string& name) {
  std::string out = "{\"images\":";
  int64_t sentence_id = 0;
  write_list(out, images, [&](const CaptionedImage& image, size_t i) {
    Json sentences = Json::array(), ids = Json::array();
    for (const std::string& caption : image.captions) {
      ids.push_back(sentence_id);
      sentences.push_back({{"tokens", tokenize(caption, TokenizerKind::kKarpathy, false)},
                           {"raw", caption},
                           {"imgid", i},
                           {"sentid", sentence_id++}});
    }
    Json item{{"filename", image.path},
              {"imgid", i},
              {"sentids", ids},
              {"split", image.split.empty() ? "none" : image.split},
              {"sentences", sentences}};
    if (std::to_string(numbers[i]) == image.id) item["cocoid"] = numbers[i];
    return item;
  });
  return out + ",\"dataset\":" + io::canonical_json(name) + "}\n";
}

std::string coco_captions_text(const std::vector<CaptionedImage>& images, const std::vector<int64_t>& numbers) {
  std::string out = "{\"info\":{},\"images\":";
  write_list(out, images, [&](const CaptionedImage& image, size_t i) {
    return Json{{"id", numbers[i]}, {"file_name", image.path}};
  });
  std::vector<std::pair<int64_t, const std::string*>> captions;
  for (size_t i = 0; i < images.size(); ++i) {
    for (const std::string& caption : images[i].captions) captions.emplace_back(numbers[i], &caption);
  }
  out += ",\n\"licenses\":[],\n\"type\":\"captions\",\n\"annotations\":";
  write_list(out, captions, [](const auto& caption, size_t i) {
    return Json{{"id", i + 1}, {"image_id", caption.first}, {"caption", *caption.second}};
  });
  return out + "}\n";
}

std::string caption_results_text(const std::vector<CaptionResult>& results, const std::vector<int64_t>& numbers) {
  std::string out;
  write_list(out, results, [&](const CaptionResult& result, size_t i) {
    return Json{{"image_id", numbers[i]}, {"caption", result.caption}};
  });
  return out + "\n";
}

}  // namespace fovea::data
