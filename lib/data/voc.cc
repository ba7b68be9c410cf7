#include "data/voc.h"

#include <algorithm>
#include <unordered_set>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "data/text_lines.h"
#include "io/xml.h"

namespace fovea::data {
namespace {

constexpr int64_t kMaxSide = int64_t{1} << 24;

const io::XmlElement& require_child(const io::XmlElement& parent, std::string_view name, const std::string& origin) {
  const io::XmlElement* child = parent.child(name);
  if (child == nullptr) {
    fail_data(parent.place(origin), fmt::format("<{}> in <{}>", name, printable(parent.name)), "none");
  }
  return *child;
}

double number_in(const io::XmlElement& parent, std::string_view name, const std::string& origin) {
  const io::XmlElement& child = require_child(parent, name, origin);
  return number_of(child.text, fmt::format("{}: {}", child.place(origin), name));
}

// Missing, empty and "Unspecified" flags are false.
bool flag_in(const io::XmlElement& object, std::string_view name, const std::string& origin) {
  const io::XmlElement* child = object.child(name);
  if (child == nullptr || child->text.empty() || child->text == "Unspecified") return false;
  return number_of(child->text, fmt::format("{}: {}", child->place(origin), name)) != 0;
}

int32_t side_in(const io::XmlElement& size, std::string_view name, const std::string& origin) {
  const io::XmlElement* child = size.child(name);
  if (child == nullptr || child->text.empty()) return 0;
  const std::string place = fmt::format("{}: {}", child->place(origin), name);
  const double side = number_of(child->text, place);
  if (side < 0 || side > static_cast<double>(kMaxSide)) {
    fail_data(place, fmt::format("0..{}", kMaxSide), printable(child->text));
  }
  return static_cast<int32_t>(side);
}

AnnotatedObject object_in(const io::XmlElement& element, const std::string& origin, int base) {
  AnnotatedObject object;
  const io::XmlElement& name = require_child(element, "name", origin);
  if (name.text.empty()) fail_data(name.place(origin), "the name of a class", "nothing");
  object.class_name = name.text;
  const io::XmlElement& corners = require_child(element, "bndbox", origin);
  const auto corner = [&](std::string_view side) {
    return float_of(number_in(corners, side, origin) - base, corners.place(origin));
  };
  object.box = {corner("xmin"), corner("ymin"), corner("xmax"), corner("ymax")};
  object.difficult = flag_in(element, "difficult", origin);
  object.truncated = flag_in(element, "truncated", origin);
  object.occluded = flag_in(element, "occluded", origin);
  if (const io::XmlElement* pose = element.child("pose")) object.pose = pose->text;
  return object;
}

std::string without_suffix(const std::string& file) {
  const size_t dot = file.rfind('.');
  if (dot == std::string::npos || dot == 0) return file;
  std::string suffix = file.substr(dot + 1);
  for (char& c : suffix) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return suffix == "jpg" || suffix == "jpeg" || suffix == "png" ? file.substr(0, dot) : file;
}

int first_pixel(VocFlavor flavor) { return flavor == VocFlavor::kVoc ? 1 : 0; }

}  // namespace

const std::vector<std::string>& voc_classes() {
  static const std::vector<std::string> names{
      "aeroplane",   "bicycle", "bird",  "boat",      "bottle", "bus",         "car",   "cat",  "chair", "cow",
      "diningtable", "dog",     "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor"};
  return names;
}

AnnotatedImage parse_voc_xml(std::string_view text, const std::string& origin, VocFlavor flavor) {
  const io::XmlElement root = io::parse_xml(text, origin);
  if (root.name != "annotation") fail_data(root.place(origin), "<annotation>", "<" + printable(root.name) + ">");
  AnnotatedImage image;
  if (const io::XmlElement* file = root.child("filename")) {
    image.path = file->text;
    image.id = without_suffix(base_name(file->text));
  }
  if (const io::XmlElement* size = root.child("size")) {
    image.width = side_in(*size, "width", origin);
    image.height = side_in(*size, "height", origin);
  }
  for (const io::XmlElement& child : root.children) {
    if (child.name == "object") image.objects.push_back(object_in(child, origin, first_pixel(flavor)));
  }
  return image;
}

std::string voc_xml(const AnnotatedImage& image, std::string_view folder, VocFlavor flavor) {
  const auto safe = [](std::string_view text) { return io::escape_xml(text); };
  const int base = first_pixel(flavor);
  std::string out = fmt::format(
      "<annotation>\n\t<folder>{}</folder>\n\t<filename>{}</filename>\n\t<size>\n\t\t<width>{}</width>\n"
      "\t\t<height>{}</height>\n\t\t<depth>3</depth>\n\t</size>\n\t<segmented>0</segmented>\n",
      safe(folder), safe(image.path.empty() ? image.id : image.path), image.width, image.height);
  for (const AnnotatedObject& object : image.objects) {
    out +=
        fmt::format("\t<object>\n\t\t<name>{}</name>\n\t\t<pose>{}</pose>\n\t\t<truncated>{:d}</truncated>\n",
                    safe(object.class_name), object.pose.empty() ? "Unspecified" : safe(object.pose), object.truncated);
    if (object.occluded) out += "\t\t<occluded>1</occluded>\n";
    out += fmt::format(
        "\t\t<difficult>{:d}</difficult>\n\t\t<bndbox>\n\t\t\t<xmin>{}</xmin>\n\t\t\t<ymin>{}</ymin>\n"
        "\t\t\t<xmax>{}</xmax>\n\t\t\t<ymax>{}</ymax>\n\t\t</bndbox>\n\t</object>\n",
        object.difficult, coordinate_text(object.box.x1, base), coordinate_text(object.box.y1, base),
        coordinate_text(object.box.x2, base), coordinate_text(object.box.y2, base));
  }
  return out + "</annotation>\n";
}

std::vector<ListedImage> parse_image_list(std::string_view text, const std::string& origin) {
  std::vector<ListedImage> list;
  std::unordered_set<std::string> seen;
  for_each_line(text, origin, [&](const std::vector<std::string_view>& words, const std::string& place) {
    if (words.size() > 2) fail_data(place, "an id, perhaps a number", fmt::format("{} words", words.size()));
    ListedImage item{std::string(words[0]), {}};
    if (!is_valid_utf8(item.id)) fail_data(place, "an id in UTF-8", "'" + printable(item.id) + "'");
    if (words.size() == 2) item.value = integer_of(words[1], place);
    if (!seen.insert(item.id).second) fail_data(place, "each id once", "'" + printable(item.id) + "' again");
    list.push_back(std::move(item));
  });
  return list;
}

std::vector<ListedImage> read_image_list(const std::string& path) {
  return parse_image_list(read_lines_of(path), path);
}

std::string class_list_text(const std::vector<AnnotatedImage>& images, std::string_view class_name) {
  std::string out;
  for (const AnnotatedImage& image : images) {
    int value = -1;
    for (const AnnotatedObject& object : image.objects) {
      if (object.class_name == class_name) value = std::max(value, object.difficult ? 0 : 1);
    }
    out += fmt::format("{} {:2}\n", image.id, value);
  }
  return out;
}

}  // namespace fovea::data
