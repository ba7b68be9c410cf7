#include "data/class_folder.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>
#include <tuple>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/text.h"
#include "io/picture.h"

namespace fovea::data {
namespace {

namespace fs = std::filesystem;

struct Names {
  std::vector<std::string> files, folders;
};

// Visible entries, sorted bytewise (std::string compares bytes as unsigned).
Names list(const std::string& folder) {
  Names names;
  std::error_code code;
  for (auto entry = fs::directory_iterator(folder, code); !code && entry != fs::directory_iterator();
       entry.increment(code)) {
    std::string name = entry->path().filename().string();
    if (name.starts_with('.')) continue;
    std::error_code status;
    (entry->is_directory(status) ? names.folders : names.files).push_back(std::move(name));
  }
  if (code) fail(ErrorKind::kNoInput, "{}: cannot list: {}", folder, system_message(code.value()));
  std::sort(names.files.begin(), names.files.end());
  std::sort(names.folders.begin(), names.folders.end());
  return names;
}

void require_utf8(const std::string& folder, const std::string& name) {
  if (!is_valid_utf8(name)) fail_data(folder, "names in UTF-8", "'" + printable(name) + "'");
}

// The reason why the picture is bad, or nothing; fills in the size.
std::optional<std::string> inspect(FolderItem& item, bool check) {
  try {
    const std::vector<std::byte> bytes = read_file(item.path, std::min(max_memory(), io::kMaxPicturePixels * 4));
    std::tie(item.height, item.width) = io::picture_size(bytes, item.path);
    if (check) io::decode_picture(bytes, item.path);
    return std::nullopt;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kData && error.kind() != ErrorKind::kNoInput) throw;
    return error.what();
  }
}

void list_class(const std::string& folder, const std::string& name, ClassFolder& result) {
  const std::string path = folder + "/" + name;
  const Names names = list(path);
  if (!names.folders.empty()) {
    fail_data(path, "pictures only", "the folder '" + printable(names.folders.front()) + "'",
              "classes are the folders directly inside " + folder);
  }
  const size_t before = result.items.size();
  for (const std::string& file : names.files) {
    require_utf8(path, file);
    std::string id = name + "/" + file;
    if (!io::has_picture_suffix(file)) {
      result.ignored.push_back(std::move(id));
      continue;
    }
    result.items.push_back({std::move(id), path + "/" + file, static_cast<int32_t>(result.label_set.size()), 0, 0});
  }
  if (result.items.size() == before) result.empty.push_back(name);
  result.label_set.push_back(name);
}

}  // namespace

ClassFolder read_class_folder(const std::string& folder, bool check) {
  if (!is_directory(folder)) {
    if (file_exists(folder)) fail_data(folder, "a folder of classes", "a file");
    fail(ErrorKind::kNoInput, "{}: cannot open: No such file or directory", folder);
  }
  const Names names = list(folder);
  for (const std::string& file : names.files) {
    if (io::has_picture_suffix(file)) {
      fail_data(folder, "pictures inside class folders", "'" + printable(file) + "' beside them");
    }
  }
  if (names.folders.empty()) fail_data(folder, "a folder for each class", "no folder");
  ClassFolder result;
  for (const std::string& name : names.folders) {
    require_utf8(folder, name);
    list_class(folder, name, result);
  }
  std::vector<std::optional<std::string>> reasons(result.items.size());
  parallel_tasks(static_cast<int64_t>(reasons.size()), [&](int64_t i) {
    reasons[static_cast<size_t>(i)] = inspect(result.items[static_cast<size_t>(i)], check);
  });
  std::vector<FolderItem> good;
  for (size_t i = 0; i < reasons.size(); ++i) {
    if (reasons[i]) {
      result.corrupt.emplace_back(result.items[i].id, *reasons[i]);
    } else {
      good.push_back(std::move(result.items[i]));
    }
  }
  result.items = std::move(good);
  return result;
}

}  // namespace fovea::data
