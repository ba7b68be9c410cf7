#include "eval/stemmer.h"

#include <algorithm>
#include <array>
#include <utility>

namespace fovea::eval {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

bool is_vowel(char c) { return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' || c == 'y'; }

bool has_vowel(std::string_view text) { return std::any_of(text.begin(), text.end(), is_vowel); }

// The position after the first non-vowel that follows a vowel, counted from `from`; the word's end if there is none.
size_t region_after(std::string_view word, size_t from) {
  for (size_t i = from + 1; i < word.size(); ++i) {
    if (!is_vowel(word[i]) && is_vowel(word[i - 1])) return i + 1;
  }
  return word.size();
}

// A y that is a consonant is written Y from here to the end.
class Stem {
 public:
  explicit Stem(std::string word) : word_(std::move(word)) {
    if (word_[0] == '\'') word_.erase(0, 1);
    for (size_t i = 0; i < word_.size(); ++i) {
      if (word_[i] == 'y' && (i == 0 || is_vowel(word_[i - 1]))) word_[i] = 'Y';
    }
    r1_ = region_after(word_, 0);
    for (const std::string_view prefix : {"gener", "commun", "arsen"}) {
      if (word_.starts_with(prefix)) r1_ = prefix.size();
    }
    r2_ = r1_ < word_.size() ? region_after(word_, r1_) : word_.size();
  }

  std::string run() {
    step_0();
    step_1a();
    static constexpr std::array<std::string_view, 8> kFinal{"inning",  "outing",  "canning", "herring",
                                                            "earring", "proceed", "exceed",  "succeed"};
    if (std::find(kFinal.begin(), kFinal.end(), word_) == kFinal.end()) {
      step_1b();
      step_1c();
      step_2();
      step_3();
      step_4();
      step_5();
    }
    std::replace(word_.begin(), word_.end(), 'Y', 'y');
    return std::move(word_);
  }

 private:
  std::string word_;
  size_t r1_ = 0, r2_ = 0;

  bool ends(std::string_view suffix) const { return std::string_view(word_).ends_with(suffix); }
  size_t start_of(std::string_view suffix) const { return word_.size() - suffix.size(); }
  bool in_r1(std::string_view suffix) const { return word_.size() >= suffix.size() && start_of(suffix) >= r1_; }
  bool in_r2(std::string_view suffix) const { return word_.size() >= suffix.size() && start_of(suffix) >= r2_; }
  void replace(std::string_view suffix, std::string_view by) { word_.replace(start_of(suffix), suffix.size(), by); }
  char before(std::string_view suffix, size_t back = 1) const {
    return word_.size() >= suffix.size() + back ? word_[word_.size() - suffix.size() - back] : '\0';
  }

  // The longest of `suffixes`, which are sorted by falling length, that the word ends with.
  template <size_t N>
  const Pair* longest(const std::array<Pair, N>& suffixes) const {
    const auto* found =
        std::find_if(suffixes.begin(), suffixes.end(), [&](const Pair& pair) { return ends(pair.first); });
    return found == suffixes.end() ? nullptr : found;
  }

  // A vowel and a non-vowel other than w, x, Y after a non-vowel; or a vowel and a non-vowel that are the whole.
  static bool short_syllable(std::string_view text) {
    const size_t n = text.size();
    if (n < 2 || is_vowel(text[n - 1]) || !is_vowel(text[n - 2])) return false;
    if (n == 2) return true;
    const char last = text[n - 1];
    return last != 'w' && last != 'x' && last != 'Y' && !is_vowel(text[n - 3]);
  }
  bool is_short() const { return r1_ >= word_.size() && short_syllable(word_); }

  void step_0() {
    for (const std::string_view suffix : {"'s'", "'s", "'"}) {
      if (!ends(suffix)) continue;
      replace(suffix, "");
      return;
    }
  }

  void step_1a() {
    if (ends("sses")) {
      replace("sses", "ss");
    } else if (ends("ied") || ends("ies")) {
      replace("ied", word_.size() > 4 ? "i" : "ie");
    } else if (!ends("us") && !ends("ss") && ends("s")) {
      if (word_.size() > 2 && has_vowel(std::string_view(word_).substr(0, word_.size() - 2))) replace("s", "");
    }
  }

  void step_1b() {
    for (const std::string_view suffix : {"eedly", "eed"}) {
      if (!ends(suffix)) continue;
      if (in_r1(suffix)) replace(suffix, "ee");
      return;
    }
    for (const std::string_view suffix : {"ingly", "edly", "ing", "ed"}) {
      if (!ends(suffix)) continue;
      if (!has_vowel(std::string_view(word_).substr(0, start_of(suffix)))) return;
      replace(suffix, "");
      repair_1b();
      return;
    }
  }

  void repair_1b() {
    if (ends("at") || ends("bl") || ends("iz")) {
      word_ += 'e';
      return;
    }
    for (const std::string_view twice : {"bb", "dd", "ff", "gg", "mm", "nn", "pp", "rr", "tt"}) {
      if (!ends(twice)) continue;
      word_.pop_back();
      return;
    }
    if (is_short()) word_ += 'e';
  }

  void step_1c() {
    if ((ends("y") || ends("Y")) && word_.size() > 2 && !is_vowel(before("y"))) replace("y", "i");
  }

  void step_2() {
    static constexpr std::array<Pair, 24> kSuffixes{{
        {"ational", "ate"}, {"fulness", "ful"}, {"iveness", "ive"}, {"ization", "ize"}, {"ousness", "ous"},
        {"biliti", "ble"},  {"lessli", "less"}, {"tional", "tion"}, {"alism", "al"},    {"aliti", "al"},
        {"ation", "ate"},   {"entli", "ent"},   {"fulli", "ful"},   {"iviti", "ive"},   {"ousli", "ous"},
        {"abli", "able"},   {"alli", "al"},     {"anci", "ance"},   {"ator", "ate"},    {"enci", "ence"},
        {"izer", "ize"},    {"bli", "ble"},     {"ogi", "og"},      {"li", ""},
    }};
    const Pair* found = longest(kSuffixes);
    if (found == nullptr || !in_r1(found->first)) return;
    if (found->first == "ogi" && before("ogi") != 'l') return;
    if (found->first == "li" && std::string_view("cdeghkmnrt").find(before("li")) == std::string_view::npos) return;
    replace(found->first, found->second);
  }

  void step_3() {
    static constexpr std::array<Pair, 9> kSuffixes{{{"ational", "ate"},
                                                    {"tional", "tion"},
                                                    {"alize", "al"},
                                                    {"ative", ""},
                                                    {"icate", "ic"},
                                                    {"iciti", "ic"},
                                                    {"ical", "ic"},
                                                    {"ness", ""},
                                                    {"ful", ""}}};
    const Pair* found = longest(kSuffixes);
    if (found == nullptr || !in_r1(found->first)) return;
    if (found->first == "ative" && !in_r2("ative")) return;
    replace(found->first, found->second);
  }

  void step_4() {
    static constexpr std::array<Pair, 18> kSuffixes{{{"ement", ""},
                                                     {"ance", ""},
                                                     {"ence", ""},
                                                     {"able", ""},
                                                     {"ible", ""},
                                                     {"ment", ""},
                                                     {"ant", ""},
                                                     {"ent", ""},
                                                     {"ism", ""},
                                                     {"ate", ""},
                                                     {"iti", ""},
                                                     {"ous", ""},
                                                     {"ive", ""},
                                                     {"ize", ""},
                                                     {"ion", ""},
                                                     {"al", ""},
                                                     {"er", ""},
                                                     {"ic", ""}}};
    const Pair* found = longest(kSuffixes);
    if (found == nullptr || !in_r2(found->first)) return;
    if (found->first == "ion" && before("ion") != 's' && before("ion") != 't') return;
    replace(found->first, "");
  }

  void step_5() {
    if (ends("e")) {
      const std::string_view rest = std::string_view(word_).substr(0, word_.size() - 1);
      if (in_r2("e") || (in_r1("e") && !short_syllable(rest))) word_.pop_back();
    } else if (ends("ll") && in_r2("l")) {
      word_.pop_back();
    }
  }
};

constexpr std::array<Pair, 18> kExceptions{{{"skis", "ski"},
                                            {"skies", "sky"},
                                            {"dying", "die"},
                                            {"lying", "lie"},
                                            {"tying", "tie"},
                                            {"idly", "idl"},
                                            {"gently", "gentl"},
                                            {"ugly", "ugli"},
                                            {"early", "earli"},
                                            {"only", "onli"},
                                            {"singly", "singl"},
                                            {"sky", "sky"},
                                            {"news", "news"},
                                            {"howe", "howe"},
                                            {"atlas", "atlas"},
                                            {"cosmos", "cosmos"},
                                            {"bias", "bias"},
                                            {"andes", "andes"}}};

}  // namespace

std::string english_stem(std::string_view word) {
  const auto* exception =
      std::find_if(kExceptions.begin(), kExceptions.end(), [&](const Pair& pair) { return pair.first == word; });
  if (exception != kExceptions.end()) return std::string(exception->second);
  if (word.size() <= 2) return std::string(word);
  return Stem(std::string(word)).run();
}

}  // namespace fovea::eval
