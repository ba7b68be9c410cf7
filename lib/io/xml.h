// XML as a small tree of elements, with bounds on what is read. For annotations: attributes are checked and dropped,
// entities of a DOCTYPE are not expanded, comments and processing instructions vanish.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fovea::io {

inline constexpr int64_t kXmlMaxBytes = int64_t{1} << 24;
inline constexpr int kXmlMaxDepth = 64;                    // levels of elements
inline constexpr int64_t kXmlMaxNodes = int64_t{1} << 18;  // elements, and pieces of markup of other kinds

struct XmlElement {
  std::string name;
  std::string text;  // of the element itself, trimmed: pieces between its children are joined
  std::vector<XmlElement> children;
  int64_t line = 0, column = 0;  // of the name, from 1; columns count bytes

  // The first direct child of this name, or null.
  const XmlElement* child(std::string_view child_name) const;
  // "ORIGIN:LINE:COLUMN", for messages.
  std::string place(std::string_view origin) const;
};

// The root element of a document in UTF-8, or in ISO-8859-1 if it says so; texts are UTF-8. Throws Error(kData,
// "ORIGIN:LINE:COLUMN: ...") for anything else: damage, several roots, NUL bytes, more than the limits above.
XmlElement parse_xml(std::string_view text, const std::string& origin);
// Throws Error(kNoInput) too. "-" = stdin.
XmlElement read_xml_file(const std::string& path);

// Text for between tags and in attributes: & < > " ' as entities. Characters that XML forbids (controls) as spaces.
std::string escape_xml(std::string_view text);

}  // namespace fovea::io
