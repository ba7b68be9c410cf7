#include "systems/net_library.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "nn/rewrite.h"

#ifndef FOVEA_SOURCE_MODELS
#error "FOVEA_SOURCE_MODELS comes from the build: share/models of the source tree"
#endif

namespace fovea {
namespace {

constexpr int64_t kMaxNetBytes = 1 << 20;

std::vector<std::string> model_folders() {
  std::vector<std::string> folders;
  if (const char* given = std::getenv("FOVEA_MODELS"); given != nullptr) folders = split(given, ':');
  std::error_code ignored;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", ignored);
  if (!ignored) folders.push_back(self.parent_path().parent_path() / "share/fovea/models");
  folders.emplace_back(FOVEA_SOURCE_MODELS);
  return folders;
}

std::vector<std::string> known_models() {
  std::vector<std::string> names;
  for (const auto& folder : model_folders()) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
      if (entry.path().extension() == ".net") names.push_back(entry.path().stem());
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace

nn::NetText with_input_text(const nn::NetText& net, const std::string& text) {
  const auto parts = split(text, 'x');
  std::vector<int64_t> extents;
  for (const auto& part : parts) extents.push_back(parse_int(part).value_or(0));
  if (extents.size() != 3 || *std::min_element(extents.begin(), extents.end()) < 1) {
    fail(ErrorKind::kUsage, "--input: expected HEIGHTxWIDTHxCHANNELS, found '{}'", printable(text));
  }
  return nn::with_input(net, extents[0], extents[1], extents[2]);
}

nn::NetText load_net(const std::string& name) {
  if (file_exists(name) && !is_directory(name))
    return nn::parse_net(read_text_file(name, kMaxNetBytes), base_name(name));
  if (name.find('/') == std::string::npos) {
    for (const auto& folder : model_folders()) {
      for (const std::string& file : {folder + "/" + name + ".net", folder + "/" + name}) {
        if (file_exists(file) && !is_directory(file))
          return nn::parse_net(read_text_file(file, kMaxNetBytes), base_name(file));
      }
    }
  }
  const auto names = known_models();
  const std::string near = nearest(name, names);
  throw Error(ErrorKind::kNoInput, fmt::format("--net: no network '{}'", printable(name)),
              (near.empty() ? std::string() : fmt::format("did you mean '{}'? ", near)) + "known: " + join(names, " "));
}

}  // namespace fovea
