// The parser behind parse_h5(); private to io/h5_parse_*.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/h5_cursor.h"
#include "io/h5_format.h"

namespace fovea::io {

class H5Parser {
 public:
  explicit H5Parser(const ByteSource& source) : source_(source) {}
  H5Tree run();

 private:
  // What a symbol table message or a cached symbol table entry says about a group.
  struct GroupAddress {
    int64_t tree = -1, heap = -1;
    bool operator==(const GroupAddress&) const = default;
  };
  struct Entry {  // of a symbol table
    int64_t name = 0, header = 0;
    uint32_t cache = 0;
    GroupAddress cached;
  };
  struct Header {  // an object header, before it is known what it describes
    std::shared_ptr<H5Object> object;
    GroupAddress group;
    bool has_space = false, has_type = false, has_layout = false, has_group = false, has_filters = false,
         has_fill = false;
    int64_t fill_bytes = -1;
    int64_t chunk_tree = -1;
    int64_t contiguous_bytes = -1;
    std::vector<int64_t> layout_chunk;  // with the element size last, as on disk
  };

  // h5_parse_groups.cc
  Entry superblock();
  Entry entry(H5Cursor& cursor) const;
  void visit(const Entry& entry, const std::string& path, int depth);
  std::vector<std::byte> heap(int64_t address);
  void group_tree(int64_t address, int level, std::vector<Entry>& entries);
  void symbols(int64_t address, std::vector<Entry>& entries);
  std::string link_name(std::span<const std::byte> heap, int64_t at) const;

  // h5_parse_header.cc
  Header header(int64_t address);
  void messages(std::span<const std::byte> block, int64_t address, Header& header, int& left,
                std::vector<std::pair<int64_t, int64_t>>& continuations);
  void message(uint16_t kind, H5Cursor cursor, Header& header);
  void attribute(H5Cursor& cursor, Header& header);
  void fill(uint16_t kind, H5Cursor& cursor, Header& header);
  void filters(H5Cursor& cursor, Header& header);
  void layout(H5Cursor& cursor, Header& header);
  std::vector<int64_t> space(H5Cursor& cursor);
  H5Type type(H5Cursor& cursor, int depth = 0);
  void finish_dataset(Header& header, int64_t address);

  // h5_parse_chunks.cc
  void chunk_tree(Header& header);
  void chunk_node(int64_t address, int level, const Header& header);
  void chunk_entry(H5Cursor& cursor, std::span<const int64_t> corner, uint32_t bytes, uint32_t mask, int64_t child,
                   const Header& header);

  // Bytes [address, address + count) of a structure that no other structure shares. A sound file has no overlaps, so
  // the sum of all claims can't exceed the file: this bounds time and memory on hostile ones.
  std::vector<std::byte> claim(int64_t address, int64_t count, std::string_view what);
  void account(int64_t address, int64_t count, std::string_view what);
  [[noreturn]] void refuse(std::string_view what) const;

  const ByteSource& source_;
  H5Tree tree_;
  int64_t end_ = 0;  // end of file, as the superblock says
  int64_t claimed_ = 0;
  int64_t leaf_k_ = 0, group_k_ = 0, chunk_k_ = 32;
  std::map<int64_t, std::shared_ptr<H5Object>> seen_;  // by header address: hard links share an object
  size_t names_ = 0;
};

}  // namespace fovea::io
