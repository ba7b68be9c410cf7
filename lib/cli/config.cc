#include "cli/config.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/text.h"

namespace fovea::cli {
namespace {

// Not isalnum: that follows the locale.
bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

void append_utf8(std::string& out, uint32_t point) {
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0 | (point >> 6));
    out += static_cast<char>(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0 | (point >> 12));
    out += static_cast<char>(0x80 | ((point >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (point & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (point >> 18));
    out += static_cast<char>(0x80 | ((point >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((point >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (point & 0x3F));
  }
}

class Reader {
 public:
  Reader(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  std::vector<ConfigEntry> read() {
    for (skip_blank(); !at_end(); skip_blank()) {
      if (peek() == '[') {
        section_ = read_section();
      } else {
        read_entry();
      }
      end_of_line();
    }
    return std::move(entries_);
  }

 private:
  bool at_end() const { return at_ >= text_.size(); }
  char peek() const { return at_end() ? '\n' : text_[at_]; }
  std::string place() const { return fmt::format("{}:{}", name_, line_); }

  [[noreturn]] void fail_here(std::string_view expected) const {
    const auto rest = text_.substr(std::min(at_, text_.size()));
    const auto found = rest.substr(0, rest.find('\n'));
    fail(ErrorKind::kUsage, "{}: expected {}, found {}", place(), expected,
         found.empty() ? "the end of the line" : "'" + printable(found, 40) + "'");
  }

  void skip_spaces() {
    while (!at_end() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r')) ++at_;
  }
  void skip_comment() {
    if (peek() == '#') at_ = std::min(text_.find('\n', at_), text_.size());
  }
  // Empty lines, comments, and INI's comment lines that start with a semicolon.
  void skip_blank() {
    for (;;) {
      skip_spaces();
      if (peek() == ';') at_ = std::min(text_.find('\n', at_), text_.size());
      skip_comment();
      if (at_end() || text_[at_] != '\n') return;
      ++at_, ++line_;
    }
  }
  void end_of_line() {
    skip_spaces();
    skip_comment();
    if (!at_end() && text_[at_] != '\n') fail_here("the end of the line");
  }

  std::string read_name() {
    const size_t first = at_;
    while (!at_end() && is_name_character(text_[at_])) ++at_;
    if (at_ == first) fail_here("a name");
    return std::string(text_.substr(first, at_ - first));
  }

  std::string read_section() {
    ++at_;
    skip_spaces();
    std::string name = read_name();
    skip_spaces();
    if (peek() != ']') fail_here("']'");
    ++at_;
    return name;
  }

  void read_entry() {
    ConfigEntry entry;
    entry.section = section_;
    entry.place = place();
    entry.key = peek() == '"' || peek() == '\'' ? read_quoted() : read_name();
    skip_spaces();
    if (peek() != '=') fail_here(fmt::format("'=' after '{}'", printable(entry.key)));
    ++at_;
    skip_spaces();
    if (peek() == '[') {
      entry.array = true;
      read_array(entry.words);
    } else {
      entry.words.push_back(read_word("#"));
    }
    if (!keys_.insert({entry.section, entry.key}).second) {
      fail(ErrorKind::kUsage, "{}: {}: given twice", entry.place, printable(entry.key));
    }
    entries_.push_back(std::move(entry));
  }

  void read_array(std::vector<std::string>& words) {
    ++at_;
    for (skip_blank(); peek() != ']' || at_end(); skip_blank()) {
      if (at_end()) fail_here("']'");
      words.push_back(read_word(",]#"));
      skip_blank();
      if (peek() == ',') {
        ++at_;
      } else if (at_end() || peek() != ']') {
        fail_here("',' or ']'");
      }
    }
    ++at_;
  }

  // A quoted string, or a bare word up to one of `stops` or the end of the line.
  std::string read_word(std::string_view stops) {
    if (peek() == '"' || peek() == '\'') return read_quoted();
    const size_t first = at_;
    while (!at_end() && text_[at_] != '\n' && stops.find(text_[at_]) == std::string_view::npos) ++at_;
    const auto word = trim(text_.substr(first, at_ - first));
    if (word.empty()) fail_here("a value");
    if (word.starts_with('{')) at_ = first, fail_here("no inline table");
    if (word.find('"') != std::string_view::npos) at_ = first, fail_here("a value without a quote inside");
    return std::string(word);
  }

  std::string read_quoted() {
    const char quote = text_[at_];
    if (text_.substr(at_, 3) == std::string(3, quote)) fail_here("a string on one line");
    ++at_;
    std::string out;
    while (peek() != quote) {
      if (at_end() || peek() == '\n') fail_here("a closing quote");
      if (quote == '"' && text_[at_] == '\\') {
        ++at_;
        read_escape(out);
      } else {
        out += text_[at_++];
      }
    }
    ++at_;
    return out;
  }

  void read_escape(std::string& out) {
    constexpr std::string_view kLetters = "btnfr\"\\e", kMeanings = "\b\t\n\f\r\"\\\x1b";
    const char letter = peek();
    if (const auto i = kLetters.find(letter); i != std::string_view::npos) {
      out += kMeanings[i];
      ++at_;
      return;
    }
    const size_t digits = letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
    if (digits == 0 || at_ + 1 + digits > text_.size()) fail_here("an escape such as \\n, \\\" or \\u00e9");
    uint32_t point = 0;
    for (const char c : text_.substr(at_ + 1, digits)) {
      if (std::string_view("0123456789abcdefABCDEF").find(c) == std::string_view::npos) fail_here("hexadecimal digits");
      point = point * 16 + static_cast<uint32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    if (point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) fail_here("a Unicode character");
    at_ += 1 + digits;
    append_utf8(out, point);
  }

  std::string_view text_;
  const std::string& name_;
  size_t at_ = 0;
  int64_t line_ = 1;
  std::string section_;
  std::vector<ConfigEntry> entries_;
  std::set<std::pair<std::string, std::string>> keys_;
};

}  // namespace

std::vector<ConfigEntry> parse_config(std::string_view text, const std::string& file_name) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return Reader(text, file_name).read();
}

std::string toml_quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out += fmt::format("\\{}", c);
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (byte < 0x20 || byte == 0x7F)
      out += fmt::format("\\u{:04x}", byte);
    else
      out += c;
  }
  return out + "\"";
}

}  // namespace fovea::cli
