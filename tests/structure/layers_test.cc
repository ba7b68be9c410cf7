// Reads every #include of lib/ and apps/ against lib/LAYERS, and keeps the shape of the house (style.md section 1).
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "source_path.h"

namespace {

namespace fs = std::filesystem;

const fs::path kRoot = fovea::source_path("");

struct Source {
  std::string name;  // "base/error.h" below lib/, "apps/x.cc" otherwise
  std::string room;  // "base", or "apps"
  int lines = 0;
  std::vector<std::string> quoted, angled;  // what it includes
};

struct Layers {
  std::map<std::string, int> level;
  std::map<std::string, std::set<std::string>> allowed;  // transitively, with the room itself
};

// Lines "room level [room...]", "#" starts a comment.
Layers read_layers(std::istream& in) {
  Layers layers;
  std::map<std::string, std::vector<std::string>> direct;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string room, other;
    int level = 0;
    if (!(words >> room >> level)) continue;
    layers.level[room] = level;
    while (words >> other) direct[room].push_back(other);
  }
  const std::function<void(const std::string&, std::set<std::string>&)> collect = [&](const std::string& room,
                                                                                      std::set<std::string>& seen) {
    if (!seen.insert(room).second) return;
    for (const auto& other : direct[room]) collect(other, seen);
  };
  for (const auto& [room, level] : layers.level) collect(room, layers.allowed[room]);
  return layers;
}

Source read_source(std::istream& in, const std::string& name, const std::string& room) {
  Source source{name, room, 0, {}, {}};
  for (std::string line; std::getline(in, line); ++source.lines) {
    std::istringstream words(line);
    std::string hash, target;
    words >> hash;
    if (hash == "#") words >> target, hash += target;
    if (hash != "#include" || !(words >> target) || target.size() < 3) continue;
    (target[0] == '"' ? source.quoted : source.angled).push_back(target.substr(1, target.find_last_of("\">") - 1));
  }
  return source;
}

std::vector<Source> read_sources() {
  std::vector<Source> sources;
  for (const char* top : {"lib", "apps"}) {
    if (!fs::exists(kRoot / top)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / top)) {
      if (entry.path().extension() != ".h" && entry.path().extension() != ".cc") continue;
      const std::string below = fs::relative(entry.path(), kRoot / top).generic_string();
      const bool app = std::string(top) == "apps";
      std::ifstream in(entry.path());
      sources.push_back(
          read_source(in, app ? "apps/" + below : below, app ? "apps" : below.substr(0, below.find('/'))));
    }
  }
  return sources;
}

const std::vector<Source>& sources() {
  static const std::vector<Source> all = read_sources();
  return all;
}

const Layers& layers() {
  static const Layers table = [] {
    std::ifstream in(kRoot / "lib/LAYERS");
    return read_layers(in);
  }();
  return table;
}

bool is_header(const Source& source) { return source.name.ends_with(".h"); }

// The paper a file of lib/systems belongs to, "" for files directly in the room.
std::string system_of(const std::string& name) {
  const std::string room = "systems/";
  if (!name.starts_with(room)) return {};
  const auto slash = name.find('/', room.size());
  return slash == std::string::npos ? "" : name.substr(room.size(), slash - room.size());
}

// What is wrong with one include, "" if nothing.
std::string fault(const Layers& table, const Source& source, const std::string& target) {
  const std::string room = target.substr(0, target.find('/'));
  if (target.find("..") != std::string::npos) return "relative include";
  if (table.level.find(room) == table.level.end()) return "not written from lib/";
  if (source.room == "apps") return "";
  const auto allowed = table.allowed.find(source.room);
  if (allowed == table.allowed.end()) return "room without a line in lib/LAYERS";
  if (allowed->second.count(room) == 0) return "room " + source.room + " may not include room " + room;
  if (source.room == "systems" && room == "systems") {
    const std::string own = system_of(source.name), other = system_of(target);
    if (!own.empty() && !other.empty() && own != other) return "system " + own + " may not include system " + other;
  }
  return "";
}

// Headers in a circle of includes, as "a.h -> b.h -> a.h"; "" if there is none.
std::string find_circle(const std::map<std::string, std::vector<std::string>>& includes) {
  std::map<std::string, int> state;  // 1: on the path, 2: done
  std::vector<std::string> path;
  std::string circle;
  const std::function<void(const std::string&)> visit = [&](const std::string& name) {
    if (state[name] == 2 || !circle.empty()) return;
    path.push_back(name);
    if (state[name] == 1) {
      for (auto it = std::find(path.begin(), path.end(), name); it != path.end(); ++it)
        circle += (circle.empty() ? "" : " -> ") + *it;
      return;
    }
    state[name] = 1;
    if (const auto found = includes.find(name); found != includes.end()) {
      for (const auto& next : found->second) visit(next);
    }
    state[name] = 2;
    path.pop_back();
  };
  for (const auto& [name, targets] : includes) visit(name);
  return circle;
}

std::vector<std::string> includers_of(const std::string& prefix) {
  std::vector<std::string> names;
  for (const Source& source : sources()) {
    if (std::any_of(source.angled.begin(), source.angled.end(),
                    [&](const std::string& target) { return target.starts_with(prefix); })) {
      names.push_back(source.name);
    }
  }
  return names;
}

}  // namespace

TEST_CASE("layers: the table is read with its levels and what includes in turn") {
  std::istringstream in("# comment\nbase 1\nmid 2 base # x\ntop 3 mid\n");
  const Layers table = read_layers(in);
  CHECK(table.level.size() == 3);
  CHECK(table.allowed.at("top") == std::set<std::string>{"base", "mid", "top"});
  CHECK(layers().level.size() == 10);
}

TEST_CASE("layers: the reader of includes and the rules find what is wrong") {
  std::istringstream text(
      "#pragma once\n#include <vector>\n#  include \"cli/program.h\"\n// #include \"x.h\"\n#include \"../nn/y.h\"\n");
  const Source source = read_source(text, "tensor/a.h", "tensor");
  CHECK(source.lines == 5);
  CHECK(source.angled == std::vector<std::string>{"vector"});
  CHECK(source.quoted == std::vector<std::string>{"cli/program.h", "../nn/y.h"});
  CHECK(fault(layers(), source, "cli/program.h") == "room tensor may not include room cli");
  CHECK(fault(layers(), source, "base/error.h").empty());
  CHECK_FALSE(fault(layers(), source, "../nn/y.h").empty());
  CHECK_FALSE(fault(layers(), source, "error.h").empty());
  CHECK_FALSE(fault(layers(), {"systems/bn/x.cc", "systems", 1, {}, {}}, "systems/rcnn/y.h").empty());
  CHECK(fault(layers(), {"systems/bn/x.cc", "systems", 1, {}, {}}, "systems/bn/y.h").empty());
  CHECK(find_circle({{"a", {"b"}}, {"b", {"c"}}, {"c", {"b"}}}) == "b -> c -> b");
  CHECK(find_circle({{"a", {"b", "c"}}, {"b", {"c"}}, {"c", {}}}).empty());
}

TEST_CASE("layers: a room's dependencies stand below it") {
  for (const auto& [room, allowed] : layers().allowed) {
    for (const auto& other : allowed) {
      const auto& room_ = room;  // clang 14 captures no structured bindings
      CAPTURE(room_);
      CAPTURE(other);
      REQUIRE(layers().level.count(other) == 1);
      CHECK((other == room || layers().level.at(other) < layers().level.at(room)));
    }
  }
}

TEST_CASE("layers: every include of ours is allowed and exists") {
  CHECK(sources().size() > 40);
  for (const Source& source : sources()) {
    for (const auto& target : source.quoted) {
      const std::string wrong = fault(layers(), source, target);
      CHECK_MESSAGE(wrong.empty(), source.name << " includes " << target << ": " << wrong);
      CHECK_MESSAGE(fs::exists(kRoot / "lib" / target),
                    source.name << " includes " << target << ", which is not there");
    }
  }
}

TEST_CASE("layers: no header includes itself, however far around") {
  std::map<std::string, std::vector<std::string>> includes;
  for (const Source& source : sources()) includes[source.name] = source.quoted;
  CHECK(find_circle(includes) == "");
}

TEST_CASE("layers: no file is longer than 600 lines, no main longer than 150") {
  for (const Source& source : sources()) {
    CHECK_MESSAGE(source.lines <= (source.room == "apps" ? 150 : 600),
                  source.name << " has " << source.lines << " lines");
  }
}

TEST_CASE("layers: headers are guarded by #pragma once") {
  for (const Source& source : sources()) {
    if (!is_header(source)) continue;
    std::ifstream in(kRoot / "lib" / source.name);
    std::stringstream text;
    text << in.rdbuf();
    // Kernel bodies that are included once per instruction set have no guard on purpose; they end in .inc, not .h.
    CHECK_MESSAGE(text.str().find("#pragma once\n") != std::string::npos, source.name);
  }
}

TEST_CASE("layers: CLI11 is included by one file, spdlog by one, both in their rooms") {
  CHECK(includers_of("CLI/") == std::vector<std::string>{"cli/parse.cc"});
  for (const auto& name : includers_of("spdlog/")) CHECK(name == "base/log.cc");
}

TEST_CASE("layers: the parser's headers stay in the room; systems see option.h, common.h and program.h only") {
  const std::set<std::string> open = {"cli/option.h", "cli/common.h", "cli/program.h"};
  for (const Source& source : sources()) {
    if (source.room == "cli") continue;
    for (const auto& target : source.quoted) {
      if (target.starts_with("cli/")) CHECK_MESSAGE(open.count(target) == 1, source.name << " includes " << target);
    }
  }
}

TEST_CASE("layers: types of HDF5, OpenCV, JSON, XML and CLI11 do not show in public headers") {
  const std::vector<std::string> hidden = {"hdf5", "H5",      "opencv2/",  "nlohmann/", "pugixml",
                                           "CLI/", "spdlog/", "turbojpeg", "png.h"};
  for (const Source& source : sources()) {
    if (!is_header(source) || source.room == "io" || source.room == "cli") continue;
    for (const auto& target : source.angled) {
      for (const auto& prefix : hidden)
        CHECK_MESSAGE(!target.starts_with(prefix), source.name << " includes <" << target << ">");
    }
  }
}
