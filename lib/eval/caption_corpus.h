// Generated captions beside their references, words as numbers.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace fovea::eval {

using WordIds = std::vector<int32_t>;

// Words of several corpora that are compared (or share document frequencies) come from one table.
class WordTable {
 public:
  int32_t id(const std::string& word);  // numbered as they come
  WordIds ids(const std::vector<std::string>& words);
  const std::string& word(int32_t id) const { return words_[static_cast<size_t>(id)]; }
  int32_t size() const { return static_cast<int32_t>(words_.size()); }

 private:
  std::vector<std::string> words_;
  std::unordered_map<std::string, int32_t> ids_;
};

struct CaptionCase {
  WordIds hypothesis;
  std::vector<WordIds> references;  // one at least
};
using CaptionCorpus = std::vector<CaptionCase>;

}  // namespace fovea::eval
