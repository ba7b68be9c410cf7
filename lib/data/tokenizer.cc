#include "data/tokenizer.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace fovea::data {
namespace {

constexpr std::string_view kSpace = " \t\n\r\v\f";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80; }
bool is_word(char c) { return is_letter(c) || is_digit(c); }

// Rule 1. UTF-8 spellings, three bytes each but the no-break space.
constexpr std::array<std::pair<std::string_view, std::string_view>, 15> kPlain{{
    {"\u2018", "'"},
    {"\u2019", "'"},
    {"\u201a", "'"},
    {"\u201b", "'"},
    {"\u201c", "\""},
    {"\u201d", "\""},
    {"\u201e", "\""},
    {"\u201f", "\""},
    {"\u2010", "-"},
    {"\u2011", "-"},
    {"\u2012", "-"},
    {"\u2013", "-"},
    {"\u2014", "--"},
    {"\u2015", "--"},
    {"\u2026", "..."},
}};
constexpr std::string_view kNoBreakSpace = "\u00a0";

std::string plain_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      const char c = text[i++];
      out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      continue;
    }
    const std::string_view rest = text.substr(i);
    if (rest.starts_with(kNoBreakSpace)) {
      out += ' ';
      i += kNoBreakSpace.size();
      continue;
    }
    const auto* found =
        std::find_if(kPlain.begin(), kPlain.end(), [&](const auto& pair) { return rest.starts_with(pair.first); });
    if (found != kPlain.end()) {
      out += found->second;
      i += found->first.size();
    } else {
      out += text[i++];
    }
  }
  return out;
}

size_t run_of(std::string_view text, char c) { return std::min(text.find_first_not_of(c), text.size()); }

// Length of "x.y." at the start, 0 if there are fewer than two pairs.
size_t initials(std::string_view text) {
  size_t end = 0;
  while (end + 1 < text.size() && text[end] >= 'a' && text[end] <= 'z' && text[end + 1] == '.') end += 2;
  return end >= 4 ? end : 0;
}

// Length of parts of `is_part` joined by single characters of `joints`; `parts` tells how many.
template <typename Part>
size_t joined(std::string_view text, Part is_part, std::string_view joints, int& parts) {
  size_t end = 0;
  parts = 0;
  for (;;) {
    const size_t begin = end;
    while (end < text.size() && is_part(text[end])) ++end;
    if (end == begin) return parts == 0 ? 0 : end - 1;  // the joint was not an inner one
    ++parts;
    if (end >= text.size() || joints.find(text[end]) == std::string_view::npos) return end;
    ++end;
  }
}

// Rule 2: length of the next token of a chunk that is not empty.
size_t token_length(std::string_view chunk) {
  if (const size_t dots = run_of(chunk, '.'); dots >= 3) return dots;
  if (const size_t hyphens = run_of(chunk, '-'); hyphens >= 2) return hyphens;
  if (const size_t length = initials(chunk); length > 0) return length;
  int parts = 0;
  if (const size_t length = joined(chunk, is_digit, ".,:/", parts); parts >= 2) return length;
  if (const size_t length = joined(chunk, is_word, "-'&/_@.", parts); parts >= 1) return length;
  return 1;
}

constexpr std::array<std::string_view, 7> kEndings{"n't", "'s", "'re", "'ve", "'ll", "'d", "'m"};

// Rule 3.
void add_word(std::string_view word, std::vector<std::string>& tokens) {
  if (word == "cannot") {
    tokens.insert(tokens.end(), {"can", "not"});
    return;
  }
  if (word.find('\'') != std::string_view::npos) {
    for (const std::string_view ending : kEndings) {
      if (word.size() > ending.size() && word.ends_with(ending)) {
        tokens.emplace_back(word.substr(0, word.size() - ending.size()));
        tokens.emplace_back(ending);
        return;
      }
    }
  }
  tokens.emplace_back(word);
}

void add_chunk(std::string_view chunk, std::vector<std::string>& tokens) {
  bool lone_apostrophe = false;
  while (!chunk.empty()) {
    const std::string_view token = chunk.substr(0, token_length(chunk));
    chunk.remove_prefix(token.size());
    if (lone_apostrophe && std::find(kEndings.begin(), kEndings.end(), "'" + std::string(token)) != kEndings.end()) {
      tokens.back() += token;
      lone_apostrophe = false;
      continue;
    }
    lone_apostrophe = token == "'";
    add_word(token, tokens);
  }
}

template <typename Use>
void for_each_chunk(std::string_view text, std::string_view blanks, Use&& use) {
  for (size_t begin = text.find_first_not_of(blanks); begin != std::string_view::npos;
       begin = text.find_first_not_of(blanks)) {
    text.remove_prefix(begin);
    const size_t length = std::min(text.find_first_of(blanks), text.size());
    use(text.substr(0, length));
    text.remove_prefix(length);
  }
}

bool is_punctuation(const std::string& token) {
  if (token == "''" || token == "``") return true;
  if (token.size() == 1) return std::string_view("'`\"()[]{}.?!,:;-").find(token[0]) != std::string_view::npos;
  return (token.size() >= 3 && run_of(token, '.') == token.size()) || run_of(token, '-') == token.size();
}

std::vector<std::string> tokenize_ptb(std::string_view text, bool keep_punctuation) {
  std::vector<std::string> tokens;
  for_each_chunk(plain_text(text), kSpace, [&](std::string_view chunk) { add_chunk(chunk, tokens); });
  if (!keep_punctuation) std::erase_if(tokens, is_punctuation);
  return tokens;
}

std::vector<std::string> tokenize_karpathy(std::string_view text) {
  std::string kept;
  kept.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool punctuation = byte > 0x20 && byte < 0x7f && !is_digit(c) && !(c >= 'A' && c <= 'Z') && !is_letter(c);
    if (!punctuation) kept += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  std::vector<std::string> tokens;
  for_each_chunk(kept, kSpace, [&](std::string_view chunk) { tokens.emplace_back(chunk); });
  return tokens;
}

constexpr std::array<std::string_view, 3> kNames{"ptb", "space", "karpathy"};

}  // namespace

std::vector<std::string> tokenize(std::string_view text, TokenizerKind kind, bool keep_punctuation) {
  if (kind == TokenizerKind::kPtb) return tokenize_ptb(text, keep_punctuation);
  if (kind == TokenizerKind::kKarpathy) return tokenize_karpathy(text);
  std::vector<std::string> tokens;
  for_each_chunk(text, kSpace, [&](std::string_view chunk) { tokens.emplace_back(chunk); });
  return tokens;
}

std::string_view tokenizer_name(TokenizerKind kind) { return kNames[static_cast<size_t>(kind)]; }

TokenizerKind parse_tokenizer(std::string_view name) {
  const auto* found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) {
    fail(ErrorKind::kUsage, "tokenizer: expected ptb, space or karpathy, found '{}'", printable(name));
  }
  return static_cast<TokenizerKind>(found - kNames.begin());
}

}  // namespace fovea::data
