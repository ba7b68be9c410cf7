#include "io/xml.h"

#include <doctest/doctest.h>

#include "io/h5_fixtures.h"

namespace fovea::io {
namespace {

using test::error_of;

std::string message(const std::string& text) {
  return error_of([&] { parse_xml(text, "a.xml"); }).what();
}

TEST_CASE("xml: elements, text and places come back") {
  const XmlElement root =
      parse_xml("<?xml version=\"1.0\"?>\n<a k=\"v\">\n  one <b> x &amp; y </b><!-- no -->\n <c/>two</a>\n", "a.xml");
  CHECK(root.name == "a");
  CHECK(root.text == "one two");
  CHECK(root.children.size() == 2);
  CHECK(root.child("b")->text == "x & y");
  CHECK(root.child("b")->line == 3);
  CHECK(root.child("b")->column == 8);
  CHECK(root.child("c")->place("a.xml") == "a.xml:4:3");
  CHECK(root.child("d") == nullptr);
}

TEST_CASE("xml: text of other kinds is read as UTF-8") {
  CHECK(parse_xml("<a><![CDATA[<b>]]></a>", "a.xml").text == "<b>");
  CHECK(parse_xml("\xEF\xBB\xBF<a>\xC3\xA9</a>", "a.xml").text == "\xC3\xA9");
  CHECK(parse_xml("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xE9</a>", "a.xml").text == "\xC3\xA9");
}

TEST_CASE("xml: damage is refused with its place") {
  CHECK(message("<a>\n  <b>\n</a>").find("a.xml:3:") == 0);
  CHECK(message("<a>").find("valid XML") != std::string::npos);
  CHECK(message("").find("valid XML") != std::string::npos);
  CHECK(message("plain words").find("valid XML") != std::string::npos);
  CHECK(message("<a/><b/>").find("one root element") != std::string::npos);
  CHECK(message(std::string("<a>\0</a>", 8)) == "a.xml:1:4: expected XML text, found a NUL byte");
  CHECK(message("<a>\xE9</a>").find("UTF-8") != std::string::npos);
}

TEST_CASE("xml: depth, size and count are bounded") {
  const auto nested = [](int levels) {
    std::string text;
    for (int i = 0; i < levels; ++i) text += "<a>";
    for (int i = 0; i < levels; ++i) text += "</a>";
    return text;
  };
  CHECK(parse_xml(nested(kXmlMaxDepth), "a.xml").name == "a");
  CHECK(message(nested(kXmlMaxDepth + 1)).find("at most 64 levels") != std::string::npos);
  CHECK(message(nested(100000)).find("at most 64 levels") != std::string::npos);
  std::string many = "<a>";
  for (int64_t i = 0; i < 2 * kXmlMaxNodes; ++i) many += "<b/>";
  CHECK(message(many + "</a>").find("pieces of XML") != std::string::npos);
  CHECK(message(std::string(static_cast<size_t>(kXmlMaxBytes) + 1, ' ')).find("at most 16") != std::string::npos);
}

TEST_CASE("xml: escaped text comes back") {
  const std::string text = "a < b & \"c\" > 'd'";
  CHECK(escape_xml(text) == "a &lt; b &amp; &quot;c&quot; &gt; &apos;d&apos;");
  CHECK(parse_xml("<a>" + escape_xml(text) + "</a>", "a.xml").text == text);
  CHECK(escape_xml(std::string("\x01z", 2)) == " z");
}

}  // namespace
}  // namespace fovea::io
