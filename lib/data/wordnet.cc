#include "data/wordnet.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/text_lines.h"

namespace fovea::data {
namespace {

constexpr std::array<const char*, 4> kParts{"noun", "verb", "adj", "adv"};
using Rule = std::pair<std::string_view, std::string_view>;  // ending, what replaces it

// morphy(7WN), rules of detachment.
const std::vector<Rule>& rules(size_t part) {
  static const std::array<std::vector<Rule>, 4> all{{
      {{"s", ""},
       {"ses", "s"},
       {"xes", "x"},
       {"zes", "z"},
       {"ches", "ch"},
       {"shes", "sh"},
       {"men", "man"},
       {"ies", "y"}},
      {{"s", ""}, {"ies", "y"}, {"es", "e"}, {"es", ""}, {"ed", "e"}, {"ed", ""}, {"ing", "e"}, {"ing", ""}},
      {{"er", ""}, {"est", ""}, {"er", "e"}, {"est", "e"}},
      {},
  }};
  return all[part];
}

}  // namespace

WordNet::WordNet(const std::string& folder) {
  for (size_t part = 0; part < kParts.size(); ++part) {
    const std::string index = folder + "/index." + kParts[part], exceptions = folder + "/" + kParts[part] + ".exc";
    add_index(read_lines_of(index), index, static_cast<int>(part));
    if (file_exists(exceptions)) add_exceptions(read_lines_of(exceptions), exceptions, static_cast<int>(part));
  }
}

// lemma pos synset_cnt p_cnt [ptr_symbol...] sense_cnt tagsense_cnt synset_offset [synset_offset...]; lines of the
// licence begin with two blanks and a number.
void WordNet::add_index(std::string_view text, const std::string& origin, int part) {
  int64_t number = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.empty() || line[0] == ' ') continue;
    for_each_line(line, origin, [&](const std::vector<std::string_view>& words, const std::string&) {
      const auto count = words.size() > 2 ? parse_int(words[2]) : std::nullopt;
      if (!count || *count < 1 || words.size() < 6 + static_cast<size_t>(std::min<int64_t>(*count, 1 << 20))) {
        fail_data(fmt::format("{}:{}", origin, number), "lemma, part, number of synsets, ..., their offsets",
                  "'" + printable(line) + "'");
      }
      held_ += 64 + static_cast<int64_t>(words[0].size()) + 8 * *count;
      require_memory(held_, origin);
      std::vector<int64_t>& list = index_[static_cast<size_t>(part)][std::string(words[0])];
      for (size_t i = words.size() - static_cast<size_t>(*count); i < words.size(); ++i) {
        const auto offset = parse_int(words[i].substr(std::min(words[i].find_first_not_of('0'), words[i].size() - 1)));
        if (!offset || *offset < 0 || *offset >> 40 != 0) {
          fail_data(fmt::format("{}:{}", origin, number), "offsets of synsets", "'" + printable(words[i]) + "'");
        }
        list.push_back(*offset * 4 + part);
      }
    });
  }
}

// "geese goose"
void WordNet::add_exceptions(std::string_view text, const std::string& origin, int part) {
  for_each_line(text, origin, [&](const std::vector<std::string_view>& words, const std::string& place) {
    if (words.size() < 2) fail_data(place, "a word and its base forms", "'" + printable(words[0]) + "'");
    held_ += 64 * static_cast<int64_t>(words.size());
    require_memory(held_, origin);
    auto& list = exceptions_[static_cast<size_t>(part)][std::string(words[0])];
    for (size_t i = 1; i < words.size(); ++i) list.emplace_back(words[i]);
  });
}

std::vector<int64_t> WordNet::synsets(std::string_view word) const {
  std::vector<int64_t> found;
  for (size_t part = 0; part < index_.size(); ++part) {
    std::vector<std::string> forms{std::string(word)};
    if (const auto listed = exceptions_[part].find(forms[0]); listed != exceptions_[part].end()) {
      forms.insert(forms.end(), listed->second.begin(), listed->second.end());
    } else {
      for (const auto& [ending, base] : rules(part)) {
        if (word.size() + base.size() > ending.size() && word.ends_with(ending)) {
          forms.push_back(std::string(word.substr(0, word.size() - ending.size())) + std::string(base));
        }
      }
    }
    for (const std::string& form : forms) {
      const auto entry = index_[part].find(form);
      if (entry != index_[part].end()) found.insert(found.end(), entry->second.begin(), entry->second.end());
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace fovea::data
