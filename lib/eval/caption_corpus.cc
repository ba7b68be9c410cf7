#include "eval/caption_corpus.h"

namespace fovea::eval {

int32_t WordTable::id(const std::string& word) {
  const auto [entry, is_new] = ids_.emplace(word, size());
  if (is_new) words_.push_back(word);
  return entry->second;
}

WordIds WordTable::ids(const std::vector<std::string>& words) {
  WordIds numbers;
  numbers.reserve(words.size());
  for (const std::string& word : words) numbers.push_back(id(word));
  return numbers;
}

}  // namespace fovea::eval
