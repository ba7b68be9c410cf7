#include "io/coco_json.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/json.h"

namespace fovea::io {
namespace {

enum class Section { kNone, kImages, kCategories, kAnnotations };

// Members of the item being read; which of them it needs depends on the section.
struct Item {
  std::optional<int64_t> id, image_id, category_id, width, height, crowd;
  std::optional<std::string> name, file_name;
  std::optional<double> score;
  std::vector<double> bbox;
  bool has_bbox = false;
};

// nlohmann's event interface: nothing is held but what we look for, so that a file of 450 MB needs not ten times that.
class Handler : public nlohmann::json_sax<Json> {
 public:
  Handler(std::string_view text, const std::string& origin, bool results)
      : text_(text), origin_(origin), results_(results), item_level_(results ? 2 : 3) {}

  CocoFile file;
  std::array<bool, 3> seen{};  // images, categories, annotations

  bool null() override { return scalar("null"); }
  bool boolean(bool value) override {
    return in_member() && key_ == "iscrowd" ? (item_.crowd = value, true) : scalar("true or false");
  }
  bool number_integer(int64_t value) override { return number(static_cast<double>(value), value); }
  bool number_unsigned(uint64_t value) override {
    return number(static_cast<double>(value),
                  value >> 63 == 0 ? std::optional<int64_t>(static_cast<int64_t>(value)) : std::nullopt);
  }
  bool number_float(double value, const std::string&) override {
    const bool whole = std::abs(value) < 9e15 && value == std::floor(value);
    return number(value, whole ? std::optional<int64_t>(static_cast<int64_t>(value)) : std::nullopt);
  }
  bool string(std::string& value) override {
    if (!in_member()) return scalar("'" + printable(value) + "'");
    if (key_ == "name" && section_ == Section::kCategories) return item_.name = std::move(value), true;
    if (key_ == "file_name" && section_ == Section::kImages) return item_.file_name = std::move(value), true;
    if (const auto whole = parse_int(value); whole && integer_member() != nullptr)
      return *integer_member() = *whole, true;
    return scalar("'" + printable(value) + "'");
  }
  bool binary(Json::binary_t&) override { return scalar("bytes"); }

  bool start_object(size_t) override {
    open("an object");
    if (depth_ == item_level_ && section_ != Section::kNone) item_ = {};
    return true;
  }
  bool key(std::string& name) override {
    if (depth_ == 1) section_ = results_ ? Section::kNone : section_of(name);
    if (depth_ <= item_level_) key_ = std::move(name);
    return true;
  }
  bool end_object() override {
    if (depth_ == item_level_ && section_ != Section::kNone) finish_item();
    --depth_;
    return true;
  }
  bool start_array(size_t) override {
    open("a list");
    if (results_ && depth_ == 1) section_ = Section::kAnnotations;
    if (!results_ && depth_ == 2 && section_ != Section::kNone) seen[static_cast<size_t>(section_) - 1] = true;
    if (depth_ == item_level_ + 1 && section_ == Section::kAnnotations && key_ == "bbox") {
      item_.has_bbox = true;
      item_.bbox.clear();
    }
    return true;
  }
  bool end_array() override {
    --depth_;
    return true;
  }
  bool parse_error(size_t position, const std::string&, const Json::exception& error) override {
    const std::string_view before = text_.substr(0, std::min(position > 0 ? position - 1 : 0, text_.size()));
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const size_t start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    const std::string place = fmt::format("{}:{}:{}", origin_, line, before.size() - start + 1);
    if (error.id == 406) fail_data(place, "numbers within float64", "a larger one");
    const std::string_view rest = text_.substr(before.size());
    fail_data(place, "valid JSON", rest.empty() ? "the end" : "'" + printable(rest.substr(0, 60)) + "'");
  }

 private:
  std::string_view text_;
  const std::string& origin_;
  bool results_;
  int item_level_;
  int depth_ = 0;
  Section section_ = Section::kNone;
  std::string key_;
  Item item_;
  int64_t held_ = 0;

  static Section section_of(std::string_view name) {
    if (name == "images") return Section::kImages;
    if (name == "categories") return Section::kCategories;
    return name == "annotations" ? Section::kAnnotations : Section::kNone;
  }

  std::string place() const {
    if (section_ == Section::kNone) return origin_;
    const size_t index = section_ == Section::kImages       ? file.images.size()
                         : section_ == Section::kCategories ? file.categories.size()
                                                            : file.annotations.size();
    const std::string_view list = section_ == Section::kImages       ? "images"
                                  : section_ == Section::kCategories ? "categories"
                                  : results_                         ? "results"
                                                                     : "annotations";
    return fmt::format("{}: {}[{}]", origin_, list, index);
  }

  // A member of an item itself, not of what it contains.
  bool in_member() const { return section_ != Section::kNone && depth_ == item_level_; }
  bool in_bbox() const {
    return section_ == Section::kAnnotations && depth_ == item_level_ + 1 && key_ == "bbox" && item_.has_bbox;
  }

  void open(std::string_view what) {
    if (++depth_ > kJsonMaxDepth) {
      fail(ErrorKind::kData, "{}: JSON: expected at most {} levels, found more", origin_, kJsonMaxDepth);
    }
    const bool list = what == "a list";
    if (depth_ == 1 && list != results_)
      fail_data(origin_, results_ ? "a list of results" : "an object", std::string(what));
    if (section_ == Section::kNone) return;
    if (depth_ == item_level_ - 1 && !list) fail_data(place(), "a list", std::string(what));
    if (depth_ == item_level_ && list) fail_data(place(), "an object", std::string(what));
    if (depth_ == item_level_ + 1 && is_wanted() && !(list && key_ == "bbox")) scalar(std::string(what), depth_ - 1);
    if (depth_ == item_level_ + 2 && in_bbox_list()) fail_data(place() + ": bbox", "numbers", std::string(what));
  }
  bool in_bbox_list() const { return section_ == Section::kAnnotations && key_ == "bbox" && item_.has_bbox; }

  std::optional<int64_t>* integer_member() {
    if (section_ == Section::kImages) {
      if (key_ == "id") return &item_.id;
      if (key_ == "width") return &item_.width;
      if (key_ == "height") return &item_.height;
    } else if (section_ == Section::kCategories) {
      if (key_ == "id") return &item_.id;
    } else if (section_ == Section::kAnnotations) {
      if (key_ == "image_id") return &item_.image_id;
      if (key_ == "category_id") return &item_.category_id;
      if (key_ == "iscrowd") return &item_.crowd;
    }
    return nullptr;
  }
  bool is_wanted() {
    return integer_member() != nullptr || (section_ == Section::kAnnotations && (key_ == "bbox" || key_ == "score")) ||
           (section_ == Section::kCategories && key_ == "name") ||
           (section_ == Section::kImages && key_ == "file_name");
  }

  // A value that is not what its place asks for; elsewhere it does not matter.
  bool scalar(const std::string& found) { return scalar(found, depth_); }
  bool scalar(const std::string& found, int level) {
    if (level == 0) fail_data(origin_, results_ ? "a list of results" : "an object", found);
    if (in_bbox()) fail_data(place() + ": bbox", "numbers", found);
    if (section_ == Section::kNone) return true;
    if (level < item_level_) fail_data(place(), level == item_level_ - 1 ? "an object" : "a list", found);
    if (level == item_level_ && is_wanted()) {
      const bool words = key_ == "name" || key_ == "file_name";
      fail_data(place() + ": " + key_,
                words                         ? "text"
                : integer_member() != nullptr ? "a whole number"
                                              : "numbers",
                found);
    }
    return true;
  }

  bool number(double value, std::optional<int64_t> whole) {
    if (in_bbox()) {
      if (item_.bbox.size() == 4) fail_data(place() + ": bbox", "4 numbers", "more");
      item_.bbox.push_back(value);
      return true;
    }
    if (in_member()) {
      if (std::optional<int64_t>* member = integer_member(); member != nullptr && whole) return *member = *whole, true;
      if (section_ == Section::kAnnotations && key_ == "score") return item_.score = value, true;
    }
    return scalar(format_number(value));
  }

  template <typename T>
  T needed(std::optional<T>& member, const char* name) const {
    if (!member) fail_data(place() + ": " + name, "a value", "nothing");
    return std::move(*member);
  }

  template <typename T>
  void keep(std::vector<T>& list, T item, size_t text_bytes) {
    held_ += static_cast<int64_t>(2 * sizeof(T) + text_bytes);  // a growing vector holds its old half too
    require_memory(held_, origin_);
    list.push_back(std::move(item));
  }

  void finish_item() {
    if (section_ == Section::kImages) {
      CocoImage image{needed(item_.id, "id"), item_.file_name.value_or(""), item_.width.value_or(0),
                      item_.height.value_or(0)};
      if (image.width < 0 || image.height < 0)
        fail_data(place(), "a size >= 0", fmt::format("{} x {}", image.width, image.height));
      const size_t bytes = image.file_name.size();
      keep(file.images, std::move(image), bytes);
    } else if (section_ == Section::kCategories) {
      CocoCategory category{needed(item_.id, "id"), needed(item_.name, "name")};
      const size_t bytes = category.name.size();
      keep(file.categories, std::move(category), bytes);
    } else {
      CocoBox box;
      box.image_id = needed(item_.image_id, "image_id");
      box.category_id = needed(item_.category_id, "category_id");
      if (item_.bbox.size() != 4) fail_data(place() + ": bbox", "4 numbers", std::to_string(item_.bbox.size()));
      std::copy(item_.bbox.begin(), item_.bbox.end(), box.bbox.begin());
      box.crowd = item_.crowd.value_or(0) != 0;
      box.score = results_ ? needed(item_.score, "score") : item_.score.value_or(0);
      keep(file.annotations, box, 0);
    }
  }
};

CocoFile parse(std::string_view text, const std::string& origin, bool results) {
  Handler handler(text, origin, results);
  Json::sax_parse(text.begin(), text.end(), &handler);
  if (!results && !handler.seen[2] && !handler.seen[1]) {
    fail_data(origin, "COCO annotations (lists 'images', 'categories', 'annotations')", "other JSON");
  }
  return std::move(handler.file);
}

Json bbox_json(const CocoBox& box) { return Json(std::vector<double>(box.bbox.begin(), box.bbox.end())); }

template <typename T, typename Describe>
void write_list(std::string& out, const std::vector<T>& items, Describe&& describe) {
  out += "[";
  for (size_t i = 0; i < items.size(); ++i) out += (i == 0 ? "\n" : ",\n") + canonical_json(describe(items[i], i));
  out += items.empty() ? "]" : "\n]";
}

}  // namespace

CocoFile parse_coco(std::string_view text, const std::string& origin) { return parse(text, origin, false); }

std::vector<CocoBox> parse_coco_results(std::string_view text, const std::string& origin) {
  return parse(text, origin, true).annotations;
}

CocoFile read_coco(const std::string& path) {
  return parse_coco(read_text_file(path, std::min(kJsonMaxBytes, max_memory())), path);
}

std::vector<CocoBox> read_coco_results(const std::string& path) {
  return parse_coco_results(read_text_file(path, std::min(kJsonMaxBytes, max_memory())), path);
}

std::string coco_text(const CocoFile& file) {
  std::string out = "{\"images\":";
  write_list(out, file.images, [](const CocoImage& image, size_t) {
    return Json{{"id", image.id}, {"file_name", image.file_name}, {"width", image.width}, {"height", image.height}};
  });
  out += ",\n\"categories\":";
  write_list(out, file.categories, [](const CocoCategory& category, size_t) {
    return Json{{"id", category.id}, {"name", category.name}};
  });
  out += ",\n\"annotations\":";
  write_list(out, file.annotations, [](const CocoBox& box, size_t i) {
    return Json{{"id", i + 1},
                {"image_id", box.image_id},
                {"category_id", box.category_id},
                {"bbox", bbox_json(box)},
                {"area", box.bbox[2] * box.bbox[3]},
                {"iscrowd", box.crowd ? 1 : 0}};
  });
  return out + "}\n";
}

std::string coco_results_text(const std::vector<CocoBox>& results) {
  std::string out;
  write_list(out, results, [](const CocoBox& box, size_t) {
    return Json{
        {"image_id", box.image_id}, {"category_id", box.category_id}, {"bbox", bbox_json(box)}, {"score", box.score}};
  });
  return out + "\n";
}

}  // namespace fovea::io
