// Superblock, groups, symbol tables.
#include <algorithm>
#include <cstring>

#include "base/file.h"
#include "base/text.h"
#include "io/h5_parser.h"

namespace fovea::io {
namespace {

constexpr int kMaxDepth = 32;          // of nested groups
constexpr size_t kMaxNames = 1 << 20;  // of links in a file
constexpr int kMaxTreeLevel = 16;
constexpr int64_t kEntryBytes = 40;

// What the user gave us instead, and which option it may have been meant for.
[[noreturn]] void fail_signature(const ByteSource& source, std::span<const std::byte> head) {
  const std::string place = source.name() + ": not an HDF5 file";
  if (head.empty()) fail_data(place, "signature \\x89HDF", "0 bytes");
  const std::string kind = sniff(head);
  std::string hint;
  if (kind.find("image") != std::string::npos) {
    hint = "pictures are made into a set by `bn-train convert`";
  } else if (kind.find("text") != std::string::npos) {
    hint = "text files are not read here; check the option the file was given to";
  } else if (kind.find("gzip") != std::string::npos) {
    hint = "decompress it first";
  }
  fail_data(place, "signature \\x89HDF", kind == "nothing" ? fmt::format("{} bytes", head.size()) : kind, hint);
}

}  // namespace

void H5Parser::refuse(std::string_view what) const {
  throw Error(ErrorKind::kData, fmt::format("{}: refused HDF5 feature: {}", source_.name(), what),
              "files in HDF5's \"earliest\" format are read; copy it with h5py and its default settings");
}

void H5Parser::account(int64_t address, int64_t count, std::string_view what) {
  if (address < 0 || count < 0 || address > end_ || count > end_ - address) {
    fail_damaged(source_.name(), address, std::string(what) + ": outside of the file");
  }
  claimed_ += count;
  if (claimed_ > end_) fail_damaged(source_.name(), address, std::string(what) + ": overlaps another structure");
}

std::vector<std::byte> H5Parser::claim(int64_t address, int64_t count, std::string_view what) {
  account(address, count, what);
  std::vector<std::byte> bytes(static_cast<size_t>(count));
  source_.read(address, bytes);
  return bytes;
}

H5Parser::Entry H5Parser::superblock() {
  std::vector<std::byte> head(static_cast<size_t>(std::min<int64_t>(source_.size(), 512)));
  source_.read(0, head);
  if (head.size() < kH5Signature.size() || std::memcmp(head.data(), kH5Signature.data(), kH5Signature.size()) != 0) {
    // A prefix of the signature is a file cut very short.
    const size_t common = std::min(head.size(), kH5Signature.size());
    if (common > 0 && std::memcmp(head.data(), kH5Signature.data(), common) == 0) {
      fail_data(source_.name() + ": truncated", "a superblock of 96 bytes", std::to_string(source_.size()));
    }
    fail_signature(source_, head);
  }
  if (head.size() < 16)
    fail_data(source_.name() + ": truncated", "a superblock of 96 bytes", std::to_string(head.size()));
  H5Cursor cursor(head, 0, source_.name(), "superblock");
  cursor.skip(8);
  const int version = cursor.u8();
  if (version == 2 || version == 3) refuse(fmt::format("superblock version {}", version));
  if (version > 3) cursor.damaged(fmt::format("version {}", version));
  if (head.size() < 100)
    fail_data(source_.name() + ": truncated", "a superblock of 96 bytes", std::to_string(head.size()));
  for (const int expected : {0, 0, 0, 0}) {
    if (cursor.u8() != expected) cursor.damaged("unknown version");
  }
  if (cursor.u8() != 8 || cursor.u8() != 8) refuse("addresses and lengths other than 8 bytes");
  cursor.skip(1);
  leaf_k_ = cursor.u16();
  group_k_ = cursor.u16();
  if (leaf_k_ == 0 || group_k_ == 0) cursor.damaged("empty group nodes");
  cursor.skip(4);
  if (version == 1) {
    chunk_k_ = cursor.u16();
    if (chunk_k_ == 0) cursor.damaged("empty chunk nodes");
    cursor.skip(2);
  }
  if (cursor.offset() != 0) refuse("a base address other than 0");
  if (cursor.offset() != -1) refuse("stored free space");
  end_ = cursor.offset();
  if (end_ < 96) cursor.damaged("end of file");
  if (end_ > source_.size()) {
    fail(ErrorKind::kData, "{}: truncated: file says {} bytes, found {}", source_.name(), end_, source_.size());
  }
  if (end_ < source_.size()) {
    throw Error(ErrorKind::kData, fmt::format("{}: file says {} bytes, found {}", source_.name(), end_, source_.size()),
                "are several files in one stream?");
  }
  if (cursor.offset() != -1) refuse("a driver information block (split or family files)");
  const Entry root = entry(cursor);
  account(0, cursor.position(), "superblock");
  return root;
}

H5Parser::Entry H5Parser::entry(H5Cursor& cursor) const {
  Entry result;
  result.name = cursor.offset();
  result.header = cursor.offset();
  result.cache = cursor.u32();
  cursor.skip(4);
  if (result.cache == 2) refuse("a soft link");
  if (result.cache > 2) cursor.damaged("unknown symbol table entry");
  result.cached.tree = cursor.offset();
  result.cached.heap = cursor.offset();
  return result;
}

std::vector<std::byte> H5Parser::heap(int64_t address) {
  const std::vector<std::byte> bytes = claim(address, 32, "local heap");
  H5Cursor cursor(bytes, address, source_.name(), "local heap");
  cursor.expect("HEAP");
  if (cursor.u8() != 0) cursor.damaged("unknown version");
  cursor.skip(3);
  const int64_t size = cursor.offset();
  cursor.skip(8);  // head of the free list: of interest to writers only
  return claim(cursor.offset(), size, "local heap data");
}

std::string H5Parser::link_name(std::span<const std::byte> heap, int64_t at) const {
  if (at < 0 || at >= static_cast<int64_t>(heap.size())) fail_damaged(source_.name(), at, "link name outside its heap");
  const char* begin = reinterpret_cast<const char*>(heap.data()) + at;
  const size_t limit = heap.size() - static_cast<size_t>(at);
  const size_t length = strnlen(begin, limit);
  if (length == limit) fail_damaged(source_.name(), at, "link name without end");
  std::string name(begin, length);
  if (name.empty() || name == "." || name.find('/') != std::string::npos) {
    fail_damaged(source_.name(), at, "link name \"" + printable(name) + "\"");
  }
  return name;
}

void H5Parser::symbols(int64_t address, std::vector<Entry>& entries) {
  const std::vector<std::byte> bytes = claim(address, 8 + 2 * leaf_k_ * kEntryBytes, "symbol table");
  H5Cursor cursor(bytes, address, source_.name(), "symbol table");
  cursor.expect("SNOD");
  if (cursor.u8() != 1) cursor.damaged("unknown version");
  cursor.skip(1);
  const int count = cursor.u16();
  if (count > 2 * leaf_k_) cursor.damaged("too many entries");
  for (int i = 0; i < count; ++i) entries.push_back(entry(cursor));
}

void H5Parser::group_tree(int64_t address, int level, std::vector<Entry>& entries) {
  const std::vector<std::byte> bytes = claim(address, 24 + (2 * group_k_ + 1) * 8 + 2 * group_k_ * 8, "group tree");
  H5Cursor cursor(bytes, address, source_.name(), "group tree");
  cursor.expect("TREE");
  if (cursor.u8() != 0) cursor.damaged("not a group node");
  const int found = cursor.u8();
  if (level >= 0 ? found != level : found > kMaxTreeLevel) cursor.damaged("wrong level");
  const int count = cursor.u16();
  if (count > 2 * group_k_) cursor.damaged("too many children");
  cursor.skip(16);  // siblings
  for (int i = 0; i < count; ++i) {
    cursor.skip(8);  // key: names are compared after reading all
    const int64_t child = cursor.offset();
    if (found == 0) {
      symbols(child, entries);
    } else {
      group_tree(child, found - 1, entries);
    }
  }
}

void H5Parser::visit(const Entry& entry, const std::string& path, int depth) {
  if (depth > kMaxDepth) refuse(fmt::format("groups nested deeper than {}", kMaxDepth));
  if (++names_ > kMaxNames) refuse(fmt::format("more than {} names", kMaxNames));
  if (const auto known = seen_.find(entry.header); known != seen_.end()) {
    if (known->second->group) fail_damaged(source_.name(), entry.header, "group \"" + printable(path) + "\" twice");
    tree_.objects[path] = known->second;
    return;
  }
  const Header parsed = header(entry.header);
  seen_[entry.header] = parsed.object;
  tree_.objects[path] = parsed.object;
  if (!parsed.object->group) {
    if (entry.cache == 1)
      fail_damaged(source_.name(), entry.header, "dataset \"" + printable(path) + "\" cached as group");
    return;
  }
  if (entry.cache == 1 && entry.cached != parsed.group) {
    fail_damaged(source_.name(), entry.header, "group \"" + printable(path) + "\" has two addresses");
  }
  const std::vector<std::byte> names = heap(parsed.group.heap);
  std::vector<Entry> entries;
  group_tree(parsed.group.tree, -1, entries);
  for (const Entry& child : entries) {
    const std::string name = link_name(names, child.name);
    const std::string child_path = path.empty() ? name : path + "/" + name;
    if (tree_.objects.contains(child_path)) {
      fail_damaged(source_.name(), entry.header, "name \"" + printable(child_path) + "\" twice");
    }
    parsed.object->children.push_back(name);
    visit(child, child_path, depth + 1);
  }
  std::sort(parsed.object->children.begin(), parsed.object->children.end());
}

H5Tree H5Parser::run() {
  const Entry root = superblock();
  visit(root, "", 0);
  if (!tree_.objects.at("")->group) fail_damaged(source_.name(), root.header, "the root is no group");
  return std::move(tree_);
}

H5Tree parse_h5(const ByteSource& source) { return H5Parser(source).run(); }

}  // namespace fovea::io
