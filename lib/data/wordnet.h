// The dictionary files of WordNet 3 (Debian: wordnet-base, /usr/share/wordnet): which words share a meaning.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace fovea::data {

class WordNet {
 public:
  WordNet() = default;
  // Reads index.{noun,verb,adj,adv} and {noun,verb,adj,adv}.exc (optional) of a folder. Throws Error(kNoInput) if an
  // index is missing, Error(kData, "FILE:LINE: ...") for lines that are none of theirs.
  explicit WordNet(const std::string& folder);

  // part: 0 noun, 1 verb, 2 adjective, 3 adverb. For tests and fuzzing.
  void add_index(std::string_view text, const std::string& origin, int part);
  void add_exceptions(std::string_view text, const std::string& origin, int part);

  // The synsets of all base forms of a lower-case word in all parts of speech, sorted; empty for unknown words. Two
  // words are synonyms if these lists have a number in common. Base forms: the word, the exceptions' forms, and what
  // WordNet's rules of detachment (morphy) leave.
  std::vector<int64_t> synsets(std::string_view word) const;

 private:
  std::array<std::unordered_map<std::string, std::vector<int64_t>>, 4> index_;
  std::array<std::unordered_map<std::string, std::vector<std::string>>, 4> exceptions_;
  int64_t held_ = 0;
};

}  // namespace fovea::data
