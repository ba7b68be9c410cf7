#include "data/caption_text_formats.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <unordered_map>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "data/text_lines.h"

namespace fovea::data {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// Lines that are not blank, without their end; `place` is "ORIGIN:LINE".
template <typename Use>
void for_each_text_line(std::string_view text, const std::string& origin, Use&& use) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  for (int64_t number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!trim(line).empty()) use(line, fmt::format("{}:{}", origin, number));
  }
}

std::string list_split(const std::string& name) {
  if (name.ends_with("trainImages.txt")) return "train";
  if (name.ends_with("devImages.txt")) return "val";
  return name.ends_with("testImages.txt") ? "test" : "";
}

std::string find_token_file(const std::string& folder) {
  if (file_exists(folder + "/Flickr8k.token.txt")) return folder + "/Flickr8k.token.txt";
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".token.txt") || name.ends_with(".token")) found.push_back(name);
  }
  std::sort(found.begin(), found.end());
  if (found.size() == 1) return folder + "/" + found[0];
  fail(ErrorKind::kNoInput, "{}: expected Flickr8k.token.txt or one *.token.txt, found {}", folder,
       found.empty() ? "none" : join(found, ", "));
}

}  // namespace

void parse_flickr_tokens(std::string_view text, const std::string& origin, CaptionCollector& to) {
  struct Numbered {
    int64_t number;
    std::string caption;
  };
  std::unordered_map<int64_t, std::vector<Numbered>> captions;
  for_each_text_line(text, origin, [&](std::string_view line, const std::string& place) {
    const size_t tab = line.find('\t');
    if (tab == std::string_view::npos) {
      fail_data(place, "IMAGE#NUMBER, a tab, a caption", "'" + printable(line) + "'");
    }
    const std::string_view key = line.substr(0, tab);
    const size_t hash = key.rfind('#');
    const auto number = hash == std::string_view::npos ? std::nullopt : parse_int(key.substr(hash + 1));
    if (!number || *number < 0) fail_data(place, "IMAGE#NUMBER before the tab", "'" + printable(key) + "'");
    const std::string name(key.substr(0, hash));
    int64_t image = to.find(name);
    if (image < 0) image = to.add_image({name, name, "", {}}, place);
    auto& list = captions[image];
    if (std::any_of(list.begin(), list.end(), [&](const Numbered& other) { return other.number == *number; })) {
      to.repeat(std::string(key), place);
      return;
    }
    if (auto caption = to.clean(line.substr(tab + 1), place)) {
      list.push_back({*number, std::move(*caption)});
    } else {
      list.push_back({*number, ""});
    }
  });
  for (auto& [image, list] : captions) {
    std::sort(list.begin(), list.end(), [](const Numbered& a, const Numbered& b) { return a.number < b.number; });
    for (Numbered& item : list) {
      if (!item.caption.empty()) to.images()[static_cast<size_t>(image)].captions.push_back(std::move(item.caption));
    }
  }
}

std::vector<std::string> parse_flickr_list(std::string_view text, const std::string& origin, const std::string& split,
                                           CaptionCollector& to) {
  std::vector<std::string> missing;
  for_each_text_line(text, origin, [&](std::string_view line, const std::string& place) {
    const std::string name(trim(line));
    const int64_t image = to.find(name);
    if (image < 0) {
      missing.push_back(name);
      return;
    }
    std::string& own = to.images()[static_cast<size_t>(image)].split;
    if (!own.empty())
      fail_data(place, "each image in one list, once", "'" + printable(name) + "' of " + own + " again");
    own = split;
  });
  return missing;
}

std::vector<std::string> read_flickr(const std::string& path, CaptionCollector& to) {
  const bool folder = is_directory(path);
  const std::string tokens = folder ? find_token_file(path) : path;
  parse_flickr_tokens(read_lines_of(tokens), tokens, to);
  std::vector<std::string> lists, missing;
  if (tokens == "-") return missing;
  for (const auto& entry : std::filesystem::directory_iterator(directory_name(tokens))) {
    if (!list_split(entry.path().filename().string()).empty()) lists.push_back(entry.path().string());
  }
  std::sort(lists.begin(), lists.end());
  for (const std::string& list : lists) {
    const auto part = parse_flickr_list(read_lines_of(list), list, list_split(base_name(list)), to);
    missing.insert(missing.end(), part.begin(), part.end());
  }
  return missing;
}

std::string flickr_tokens_text(const std::vector<CaptionedImage>& images) {
  std::string text;
  for (const CaptionedImage& image : images) {
    for (size_t k = 0; k < image.captions.size(); ++k) {
      text += fmt::format("{}#{}\t{}\n", image.path, k, image.captions[k]);
    }
  }
  return text;
}

void parse_caption_tsv(std::string_view text, const std::string& origin, CaptionCollector& to) {
  for_each_text_line(text, origin, [&](std::string_view line, const std::string& place) {
    if (line.starts_with('#')) return;
    const size_t tab = line.find('\t');
    if (tab == std::string_view::npos) fail_data(place, "an image, a tab, a caption", "'" + printable(line) + "'");
    const std::string name(line.substr(0, tab));
    std::string_view caption = line.substr(tab + 1);
    std::string split;
    if (const size_t second = caption.find('\t'); second != std::string_view::npos) {
      split = caption.substr(second + 1);
      caption = caption.substr(0, second);
      if (split.find('\t') != std::string::npos) fail_data(place, "two or three columns", "more");
    }
    int64_t image = to.find(name);
    if (image < 0) image = to.add_image({name, name, split, {}}, place);
    const std::string& own = to.images()[static_cast<size_t>(image)].split;
    if (own != split) {
      fail_data(place, "one split for all captions of an image",
                "'" + printable(split) + "' after '" + printable(own) + "'");
    }
    to.add_caption(image, caption, place);
  });
}

std::string caption_tsv_text(const std::vector<CaptionedImage>& images) {
  const bool splits = std::any_of(images.begin(), images.end(), [](const auto& image) { return !image.split.empty(); });
  std::string text = splits ? "#image\tcaption\tsplit\n" : "#image\tcaption\n";
  for (const CaptionedImage& image : images) {
    for (const std::string& caption : image.captions) {
      text += image.id + "\t" + caption + (splits ? "\t" + image.split : "") + "\n";
    }
  }
  return text;
}

}  // namespace fovea::data
