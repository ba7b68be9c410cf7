// Network texts (.net): one layer per line, read from share/models/ or a path, stored verbatim in each checkpoint.
//
//   fovea-net 1
//   input name=data height=28 width=28 channels=1 threshold=127
//   dense name=fc1 out=100 init=gaussian:0.05      # in= defaults to the line before
//   sigmoid name=act1
//
// This file knows the syntax and the graph; what a kind's keys mean is in layers_*.cc.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fovea::nn {

struct LayerLine {
  std::string kind, name;
  std::vector<std::string> inputs;                        // names of earlier layers; empty for `input`
  std::vector<std::pair<std::string, std::string>> keys;  // as written, without name and in
  int line = 0;

  const std::string* find(std::string_view key) const;
  void set(std::string_view key, std::string value);  // replaces or appends
  void erase(std::string_view key);
};

struct NetText {
  std::string origin;             // file name, for messages
  std::vector<LayerLine> layers;  // inputs before users; the last line is the output

  const LayerLine* find(std::string_view name) const;
};

// Throws Error(kData, "FILE:LINE: ...") for a wrong first line, syntax errors, duplicate or unknown names, layers that
// do not lead to the output, more than one `input`, over 1 MiB or 10000 layers.
NetText parse_net(std::string_view text, const std::string& origin);

// The text of a (possibly rewritten) network; parse_net(print_net(x)) == x.
std::string print_net(const NetText& net);

// Re-checks names and reachability after a rewrite.
void check_graph(const NetText& net);

}  // namespace fovea::nn
