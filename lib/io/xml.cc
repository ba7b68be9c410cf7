#include "io/xml.h"

#include <algorithm>
#include <pugixml.hpp>
#include <tuple>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

namespace fovea::io {
namespace {

// What pugixml may take for one piece of markup: an element, its text and their share of a page.
constexpr int64_t kBytesPerNode = 256;

// Offsets to lines and columns.
class Lines {
 public:
  explicit Lines(std::string_view text) {
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') starts_.push_back(i + 1);
    }
  }
  std::pair<int64_t, int64_t> position(ptrdiff_t offset) const {
    const auto at = static_cast<size_t>(std::max<ptrdiff_t>(offset, 0));
    const auto next = std::upper_bound(starts_.begin(), starts_.end(), at);
    return {next - starts_.begin(), static_cast<int64_t>(at - *(next - 1)) + 1};
  }

 private:
  std::vector<size_t> starts_{0};
};

struct Parser {
  std::string_view text;
  const std::string& origin;
  Lines lines{text};

  [[noreturn]] void bad(ptrdiff_t offset, const std::string& expected, const std::string& found) const {
    const auto [line, column] = lines.position(offset);
    fail_data(fmt::format("{}:{}:{}", origin, line, column), expected, found);
  }

  std::string token(ptrdiff_t offset) const {
    const auto at = std::min(static_cast<size_t>(std::max<ptrdiff_t>(offset, 0)), text.size());
    return at == text.size() ? "the end" : "'" + printable(text.substr(at, 60)) + "'";
  }

  // Pieces of markup are known before pugixml takes memory for them.
  void check_size() const {
    if (static_cast<int64_t>(text.size()) > kXmlMaxBytes) {
      fail_data(origin, "at most " + format_bytes(double(kXmlMaxBytes)) + " of XML", format_bytes(double(text.size())));
    }
    if (const size_t nul = text.find('\0'); nul != std::string_view::npos) {
      bad(static_cast<ptrdiff_t>(nul), "XML text", "a NUL byte");
    }
    const auto pieces = std::count_if(text.begin(), text.end(), [](char c) { return c == '<' || c == '='; });
    if (pieces > 2 * kXmlMaxNodes) fail_data(origin, fmt::format("at most {} pieces of XML", kXmlMaxNodes), "more");
    require_memory(static_cast<int64_t>(text.size()) * 4 + pieces * kBytesPerNode, origin);
  }

  std::string checked(const char* value, ptrdiff_t offset) const {
    if (!is_valid_utf8(value)) bad(offset, "text in UTF-8", "'" + printable(value) + "'");
    return value;
  }

  XmlElement convert(const pugi::xml_node& node, int depth) const {
    const ptrdiff_t offset = node.offset_debug();
    if (depth > kXmlMaxDepth) bad(offset, fmt::format("at most {} levels of elements", kXmlMaxDepth), "more");
    XmlElement element;
    std::tie(element.line, element.column) = lines.position(offset);
    element.name = checked(node.name(), offset);
    std::string words;
    for (const pugi::xml_node& part : node.children()) {
      if (part.type() == pugi::node_element) {
        element.children.push_back(convert(part, depth + 1));
      } else if (part.type() == pugi::node_pcdata || part.type() == pugi::node_cdata) {
        words += checked(part.value(), offset);
      }
    }
    element.text = trim(words);
    return element;
  }
};

}  // namespace

const XmlElement* XmlElement::child(std::string_view child_name) const {
  const auto found =
      std::find_if(children.begin(), children.end(), [&](const XmlElement& item) { return item.name == child_name; });
  return found == children.end() ? nullptr : &*found;
}

std::string XmlElement::place(std::string_view origin) const { return fmt::format("{}:{}:{}", origin, line, column); }

XmlElement parse_xml(std::string_view text, const std::string& origin) {
  const Parser parser{text, origin};
  parser.check_size();
  const pugi::xml_encoding encoding = is_valid_utf8(text) ? pugi::encoding_utf8 : pugi::encoding_auto;
  pugi::xml_document document;
  const pugi::xml_parse_result result = document.load_buffer(text.data(), text.size(), pugi::parse_default, encoding);
  if (result.status == pugi::status_out_of_memory) fail(ErrorKind::kSystem, "{}: out of memory", origin);
  if (!result)
    parser.bad(result.offset, std::string("valid XML (") + result.description() + ")", parser.token(result.offset));
  const pugi::xml_node root = document.document_element();
  for (pugi::xml_node next = root.next_sibling(); next; next = next.next_sibling()) {
    if (next.type() == pugi::node_element) parser.bad(next.offset_debug(), "one root element", "a second");
  }
  return parser.convert(root, 1);
}

XmlElement read_xml_file(const std::string& path) { return parse_xml(read_text_file(path, kXmlMaxBytes), path); }

std::string escape_xml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? ' ' : c;
    }
  }
  return out;
}

}  // namespace fovea::io
