// Typed access to one line of a network text, with errors that name file, line, key and range.
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "nn/net_text.h"

namespace fovea::nn {

class LayerReader {
 public:
  LayerReader(const NetText& net, const LayerLine& line) : net_(net), line_(line) {}

  const std::string& name() const { return line_.name; }
  const LayerLine& line() const { return line_; }
  std::string place() const;  // "FILE:LINE"

  // Without a default the key is required. All throw Error(kData).
  int64_t integer(const std::string& key, int64_t low, int64_t high);
  int64_t integer(const std::string& key, int64_t low, int64_t high, int64_t default_value);
  double number(const std::string& key, double low, double high, double default_value);
  double number(const std::string& key, double low, double high);
  bool yes_no(const std::string& key, bool default_value);
  std::string choice(const std::string& key, const std::vector<std::string>& choices, const std::string& default_value);
  std::string text(const std::string& key, const std::string& default_value);
  std::vector<double> numbers(const std::string& key);  // comma list; empty if absent
  std::pair<int, int> extents(const std::string& key, int64_t low, int64_t high,
                              int default_value);  // "3" or "3x5" = height x width; 0 default = required

  std::array<int, 4> margins(const std::string& key);  // "N" or "top,bottom,left,right", each 0..1024; 0 if absent

  // Throws for keys that nobody asked for, with the nearest known one.
  void finish() const;
  // Throws unless the layer has between low and high inputs.
  void expect_inputs(size_t low, size_t high) const;

 private:
  const std::string* value(const std::string& key);
  [[noreturn]] void fail_key(const std::string& key, const std::string& expected, const std::string& found) const;

  const NetText& net_;
  const LayerLine& line_;
  std::vector<std::string> asked_;
};

}  // namespace fovea::nn
