// A folder of classes: FOLDER/<class>/<picture>.{jpg,jpeg,png}, the layout of ImageNet copies and of torchvision.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace fovea::data {

struct FolderItem {
  std::string id;    // "<class>/<file name>"
  std::string path;  // FOLDER/<class>/<file name>
  int32_t label = 0;
  int64_t height = 0, width = 0;  // from the picture's header; 0 if listed in `corrupt`
};

struct ClassFolder {
  std::vector<std::string> label_set;  // folder names, sorted bytewise
  std::vector<FolderItem> items;       // by class, then file name, bytewise; readable pictures only
  std::vector<std::string> empty;      // classes without a picture: worth a warning; they keep their label
  std::vector<std::pair<std::string, std::string>> corrupt;  // id and reason of pictures that can't be decoded
  std::vector<std::string> ignored;  // other files inside the classes (relative names), hidden ones left out
};

// Lists the folder. `check` decodes every picture (else only its header is read). Throws Error(kNoInput) if the folder
// is missing, (kData) if it has no class, a class holds a folder, or a picture lies beside the classes.
ClassFolder read_class_folder(const std::string& folder, bool check);

}  // namespace fovea::data
