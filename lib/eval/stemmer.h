// The English stemmer of Snowball ("Porter2").
#pragma once

#include <string>
#include <string_view>

namespace fovea::eval {

// The stem of a lower-case word: "running" -> "run". Words of one or two letters are their own stem; bytes outside a-z
// and ' count as consonants.
//   Porter, "An algorithm for suffix stripping", 1980; "The English (Porter2) stemming algorithm", snowballstem.org
std::string english_stem(std::string_view word);

}  // namespace fovea::eval
