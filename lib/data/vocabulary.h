// The words of a caption model, as numbers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace fovea::data {

// Id 0 is <end>, 1 is <unk>; then words by falling frequency, equal ones in byte order. Xu et al. 2015: 10 000 entries,
// the two included.
class Vocabulary {
 public:
  static constexpr int32_t kEnd = 0, kUnknown = 1;
  static constexpr std::string_view kEndWord = "<end>", kUnknownWord = "<unk>";

  // From the tokenised captions of the TRAINING split. At most `size` entries in all (0 = no limit), of words that
  // occur `min_count` times or more. Tokens spelt <end> or <unk> are no words. Throws Error(kUsage) for 0 < size < 3.
  static Vocabulary build(const std::vector<std::vector<std::string>>& captions, int64_t size, int64_t min_count);
  // All entries in the order of their ids, as a checkpoint stores them. Throws Error(kData) unless the first two are
  // <end> and <unk> and no entry is empty or occurs twice.
  explicit Vocabulary(std::vector<std::string> words);
  Vocabulary() : Vocabulary(std::vector<std::string>{std::string(kEndWord), std::string(kUnknownWord)}) {}

  int32_t size() const { return static_cast<int32_t>(words_.size()); }
  int32_t id(std::string_view word) const;    // kUnknown for words outside
  const std::string& word(int32_t id) const;  // REQUIRES 0 <= id < size()
  // Without an end word. A token spelt <end> is an unknown word: no caption ends in its middle.
  std::vector<int32_t> encode(const std::vector<std::string>& tokens) const;
  // Words joined by blanks up to the first kEnd.
  std::string decode(const std::vector<int32_t>& ids) const;
  const std::vector<std::string>& words() const { return words_; }

 private:
  std::vector<std::string> words_;
  std::unordered_map<std::string, int32_t> ids_;
};

}  // namespace fovea::data
