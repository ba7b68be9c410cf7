// Folders of VOC annotations.
#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <system_error>
#include <unordered_map>

#include "base/error.h"
#include "base/file.h"
#include "base/parallel.h"
#include "base/text.h"
#include "data/voc.h"
#include "io/xml.h"

namespace fovea::data {
namespace {

namespace fs = std::filesystem;

// Paths below `folder` of visible files that end with `suffix`, without it, sorted.
std::vector<std::string> list_files(const std::string& folder, std::string_view suffix, bool deep) {
  std::vector<std::string> names;
  std::error_code code;
  auto entry = fs::recursive_directory_iterator(folder, fs::directory_options::follow_directory_symlink, code);
  for (; !code && entry != fs::recursive_directory_iterator(); entry.increment(code)) {
    std::error_code status;
    const bool hidden = entry->path().filename().string().starts_with('.');
    if (entry->is_directory(status)) {
      if (hidden || !deep) entry.disable_recursion_pending();
      continue;
    }
    std::string name = entry->path().lexically_relative(folder).string();
    if (hidden || !name.ends_with(suffix)) continue;
    if (!is_valid_utf8(name)) fail_data(folder, "names in UTF-8", "'" + printable(name) + "'");
    names.push_back(name.substr(0, name.size() - suffix.size()));
  }
  if (code) fail(ErrorKind::kNoInput, "{}: cannot list: {}", folder, system_message(code.value()));
  std::sort(names.begin(), names.end());
  return names;
}

VocFolders tree_at(const std::string& folder) {
  VocFolders folders{folder + "/Annotations", folder + "/JPEGImages", ""};
  for (const char* lists : {"/ImageSets/Main", "/ImageSets"}) {
    if (folders.lists.empty() && is_directory(folder + lists)) folders.lists = folder + lists;
  }
  return folders;
}

std::string find_picture(const std::string& folder, const std::string& id, const std::string& file_name) {
  for (const char* suffix : {".jpg", ".jpeg", ".JPEG", ".JPG", ".png", ".PNG"}) {
    std::string path = folder + "/" + id + suffix;
    if (file_exists(path)) return path;
  }
  const std::string name = base_name(file_name);
  if (name.empty() || name == "." || name == "..") return "";
  const std::string path = folder + "/" + name;
  return file_exists(path) && !is_directory(path) ? path : "";
}

struct NamedList {
  std::string name;
  std::vector<ListedImage> items;
};

std::vector<NamedList> wanted_lists(const VocFolders& folders, const std::vector<std::string>& sets) {
  std::vector<NamedList> lists;
  for (const std::string& set : sets) {
    if (set.ends_with(".txt")) {
      const std::string name = base_name(set);
      lists.push_back({name.substr(0, name.size() - 4), read_image_list(set)});
      continue;
    }
    const std::string path = folders.lists + "/" + set + ".txt";
    if (folders.lists.empty() || !file_exists(path)) {
      const auto known = folders.lists.empty() ? std::vector<std::string>() : list_files(folders.lists, ".txt", false);
      const std::string near = nearest(set, known);
      throw Error(ErrorKind::kUsage,
                  fmt::format("{}: no list '{}.txt'", folders.lists.empty() ? folders.annotations : folders.lists,
                              printable(set)),
                  known.empty()  ? ""
                  : near.empty() ? "there are " + join(known, ", ")
                                 : "did you mean '" + near + "'?");
    }
    lists.push_back({set, read_image_list(path)});
  }
  return lists;
}

// CLASS_SET beside SET, with numbers.
bool is_class_list(const NamedList& list, const std::vector<std::string>& names) {
  const size_t underscore = list.name.rfind('_');
  return underscore != std::string::npos &&
         std::binary_search(names.begin(), names.end(), list.name.substr(underscore + 1)) &&
         std::any_of(list.items.begin(), list.items.end(),
                     [](const ListedImage& item) { return item.value.has_value(); });
}

// The shortest list that has an image names its split.
std::unordered_map<std::string, std::string> splits_of(const VocFolders& folders) {
  std::unordered_map<std::string, std::string> splits;
  if (folders.lists.empty()) return splits;
  const std::vector<std::string> names = list_files(folders.lists, ".txt", false);
  std::vector<NamedList> lists;
  for (const std::string& name : names) {
    NamedList list{name, read_image_list(folders.lists + "/" + name + ".txt")};
    if (!is_class_list(list, names)) lists.push_back(std::move(list));
  }
  std::stable_sort(lists.begin(), lists.end(),
                   [](const NamedList& a, const NamedList& b) { return a.items.size() < b.items.size(); });
  for (const NamedList& list : lists) {
    for (const ListedImage& item : list.items) splits.emplace(item.id, list.name);
  }
  return splits;
}

// Ids and splits of the images that are wanted, by id.
std::map<std::string, std::string> wanted_images(const VocFolders& folders, const std::vector<std::string>& sets) {
  std::map<std::string, std::string> wanted;
  if (!sets.empty()) {
    for (const NamedList& list : wanted_lists(folders, sets)) {
      for (const ListedImage& item : list.items) {
        require_relative_path(item.id, list.name);
        if (item.value.value_or(1) != -1) wanted.emplace(item.id, list.name);
      }
    }
    return wanted;
  }
  const auto splits = splits_of(folders);
  for (const std::string& id : list_files(folders.annotations, ".xml", true)) {
    const auto split = splits.find(id);
    wanted.emplace(id, split == splits.end() ? "" : split->second);
  }
  return wanted;
}

}  // namespace

std::vector<VocFolders> find_voc_folders(const std::string& folder) {
  if (!is_directory(folder)) {
    if (file_exists(folder)) fail_data(folder, "a folder of VOC annotations", "a file");
    fail(ErrorKind::kNoInput, "{}: cannot open: No such file or directory", folder);
  }
  if (is_directory(folder + "/Annotations")) return {tree_at(folder)};
  std::vector<VocFolders> trees;
  std::vector<std::string> names;
  std::error_code code;
  for (auto entry = fs::directory_iterator(folder, code); !code && entry != fs::directory_iterator();
       entry.increment(code)) {
    names.push_back(entry->path().filename().string());
  }
  if (code) fail(ErrorKind::kNoInput, "{}: cannot list: {}", folder, system_message(code.value()));
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    if (!name.starts_with('.') && is_directory(folder + "/" + name + "/Annotations")) {
      trees.push_back(tree_at(folder + "/" + name));
    }
  }
  if (!trees.empty()) return trees;
  if (std::any_of(names.begin(), names.end(), [](const std::string& name) { return name.ends_with(".xml"); })) {
    return {{folder, folder, ""}};
  }
  fail_data(folder, "Annotations/, folders with Annotations/, or .xml files", "none of these");
}

VocTree read_voc_tree(const VocFolders& folders, const std::vector<std::string>& sets, VocFlavor flavor) {
  const auto wanted = wanted_images(folders, sets);
  if (wanted.empty()) fail_data(folders.annotations, "annotations (.xml)", "none");
  VocTree tree;
  for (const auto& [id, split] : wanted) {
    AnnotatedImage image;
    image.id = id;
    image.split = split;
    tree.images.push_back(std::move(image));
  }
  std::vector<uint8_t> absent(tree.images.size(), 0);
  parallel_tasks(static_cast<int64_t>(tree.images.size()), [&](int64_t i) {
    AnnotatedImage& image = tree.images[static_cast<size_t>(i)];
    const std::string path = folders.annotations + "/" + image.id + ".xml";
    absent[static_cast<size_t>(i)] = !file_exists(path);
    if (file_exists(path)) {
      AnnotatedImage parsed = parse_voc_xml(read_text_file(path, io::kXmlMaxBytes), path, flavor);
      parsed.id = image.id;
      parsed.split = image.split;
      image = std::move(parsed);
    }
    image.path = find_picture(folders.pictures, image.id, image.path);
  });
  for (size_t i = 0; i < absent.size(); ++i) {
    if (absent[i] != 0) tree.without_annotation.push_back(tree.images[i].id);
  }
  return tree;
}

}  // namespace fovea::data
