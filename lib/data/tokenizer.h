// Captions as words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fovea::data {

enum class TokenizerKind {
  kPtb,       // Penn Treebank style, lower-cased: what the COCO evaluator's tokeniser does to common captions
  kSpace,     // split at blanks, case and punctuation as they are: the reference files of arctic-captions
  kKarpathy,  // lower-cased, ASCII punctuation deleted, split at white space: the `tokens` of dataset_*.json
};

// kPtb, in this order:
//  1. Typographic quotes, hyphens and dashes, the ellipsis and the no-break space become ' " - -- ... and a blank;
//     A-Z become a-z; every other byte >= 0x80 counts as a letter.
//  2. Between white space, the first of these that fits, again and again: three dots or more; two hyphens or more; two
//     or more "letter." (u.s.); digits with inner . , : / (1,000); letters and digits joined by single inner
//     - ' & / _ @ . (t-shirt); else one character.
//  3. A word with an apostrophe loses a last n't 's 're 've 'll 'd 'm as a token of its own; cannot gives can not; a
//     lone ' before such an ending within the chunk joins it.
// `keep_punctuation` = false drops '' ' `` ` " ( ) [ ] { } . ? ! , : ; - and runs of dots and hyphens from its tokens;
// the other kinds have their own rule and ignore it. Any bytes are accepted, valid UTF-8 or not.
// It is not the Stanford tokeniser: Mr., gonna, fractions, URLs and British spelling differ.
std::vector<std::string> tokenize(std::string_view text, TokenizerKind kind, bool keep_punctuation);

// "ptb", "space", "karpathy"; the inverse throws Error(kUsage).
std::string_view tokenizer_name(TokenizerKind kind);
TokenizerKind parse_tokenizer(std::string_view name);

}  // namespace fovea::data
