#include "data/vocabulary.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/text.h"

namespace fovea::data {

Vocabulary Vocabulary::build(const std::vector<std::vector<std::string>>& captions, int64_t size, int64_t min_count) {
  if (size != 0 && size < 3) {
    fail(ErrorKind::kUsage, "vocabulary size: expected 0 (no limit) or at least 3 (<end>, <unk>, a word), found {}",
         size);
  }
  std::unordered_map<std::string_view, int64_t> counts;
  for (const auto& caption : captions) {
    for (const std::string& token : caption) ++counts[token];
  }
  counts.erase(kEndWord);
  counts.erase(kUnknownWord);
  counts.erase("");
  std::vector<std::pair<std::string_view, int64_t>> sorted(counts.begin(), counts.end());
  std::erase_if(sorted, [&](const auto& entry) { return entry.second < min_count; });
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  const auto most = static_cast<size_t>(size == 0 ? std::numeric_limits<int32_t>::max() : size) - 2;
  if (sorted.size() > most) sorted.resize(most);
  std::vector<std::string> words{std::string(kEndWord), std::string(kUnknownWord)};
  for (const auto& entry : sorted) words.emplace_back(entry.first);
  return Vocabulary(std::move(words));
}

Vocabulary::Vocabulary(std::vector<std::string> words) : words_(std::move(words)) {
  for (size_t i = 0; i < 2; ++i) {
    const std::string_view expected = i == kEnd ? kEndWord : kUnknownWord;
    if (words_.size() <= i || words_[i] != expected) {
      fail_data(fmt::format("vocabulary[{}]", i), expected,
                words_.size() <= i ? "nothing" : "'" + printable(words_[i]) + "'");
    }
  }
  for (size_t i = 0; i < words_.size(); ++i) {
    if (words_[i].empty()) fail_data(fmt::format("vocabulary[{}]", i), "a word", "''");
    if (!ids_.emplace(words_[i], static_cast<int32_t>(i)).second) {
      fail_data(fmt::format("vocabulary[{}]", i), "words that differ", "'" + printable(words_[i]) + "' again");
    }
  }
}

int32_t Vocabulary::id(std::string_view word) const {
  const auto found = ids_.find(std::string(word));
  return found == ids_.end() ? kUnknown : found->second;
}

const std::string& Vocabulary::word(int32_t id) const {
  FOVEA_CHECK(id >= 0 && id < size(), "word {} of {}", id, size());
  return words_[static_cast<size_t>(id)];
}

std::vector<int32_t> Vocabulary::encode(const std::vector<std::string>& tokens) const {
  std::vector<int32_t> ids;
  ids.reserve(tokens.size());
  for (const std::string& token : tokens) {
    const int32_t found = id(token);
    ids.push_back(found == kEnd ? kUnknown : found);
  }
  return ids;
}

std::string Vocabulary::decode(const std::vector<int32_t>& ids) const {
  std::string text;
  for (const int32_t id : ids) {
    if (id == kEnd) break;
    if (!text.empty()) text += ' ';
    text += word(id);
  }
  return text;
}

}  // namespace fovea::data
