// The B-tree that says where the chunks of a dataset are.
#include <limits>

#include "io/h5_parser.h"

namespace fovea::io {
namespace {

constexpr int kMaxTreeLevel = 16;
constexpr int64_t kMaxChunkBytes = (int64_t{1} << 32) - 1;  // HDF5's own limit
// Deflate can't expand more than about 1032:1 (zlib's technical notes).
constexpr int64_t kMaxExpansion = 1100;

}  // namespace

void H5Parser::chunk_tree(Header& header) {
  H5Object& object = *header.object;
  const size_t rank = object.extents.size();
  if (header.layout_chunk.size() != rank + 1 || header.layout_chunk.back() != object.type.bytes) {
    fail_damaged(source_.name(), header.chunk_tree, "chunks do not fit the dataset");
  }
  object.chunk.assign(header.layout_chunk.begin(), header.layout_chunk.end() - 1);
  int64_t bytes = object.type.bytes;
  for (const int64_t extent : object.chunk) {
    if (extent <= 0 || bytes > kMaxChunkBytes / extent) fail_damaged(source_.name(), header.chunk_tree, "chunk extent");
    bytes *= extent;
  }
  if (header.chunk_tree >= 0) chunk_node(header.chunk_tree, -1, header);
}

void H5Parser::chunk_node(int64_t address, int level, const Header& header) {
  const int64_t rank = static_cast<int64_t>(header.layout_chunk.size());
  const int64_t key_bytes = 8 + 8 * rank;
  const std::vector<std::byte> bytes =
      claim(address, 24 + (2 * chunk_k_ + 1) * key_bytes + 2 * chunk_k_ * 8, "chunk tree");
  H5Cursor cursor(bytes, address, source_.name(), "chunk tree");
  cursor.expect("TREE");
  if (cursor.u8() != 1) cursor.damaged("not a chunk node");
  const int found = cursor.u8();
  if (level >= 0 ? found != level : found > kMaxTreeLevel) cursor.damaged("wrong level");
  const int count = cursor.u16();
  if (count > 2 * chunk_k_) cursor.damaged("too many children");
  cursor.skip(16);  // siblings
  std::vector<int64_t> corner(static_cast<size_t>(rank));
  for (int i = 0; i < count; ++i) {
    const uint32_t stored = cursor.u32();
    const uint32_t mask = cursor.u32();
    for (int64_t& value : corner) value = cursor.offset();
    const int64_t child = cursor.offset();
    if (found > 0) {
      chunk_node(child, found - 1, header);
    } else {
      chunk_entry(cursor, corner, stored, mask, child, header);
    }
  }
}

void H5Parser::chunk_entry(H5Cursor& cursor, std::span<const int64_t> corner, uint32_t bytes, uint32_t mask,
                           int64_t child, const Header& header) {
  H5Object& object = *header.object;
  if (mask != 0) cursor.damaged("chunk without all its filters");
  int64_t index = 0;
  int64_t chunk_bytes = object.type.bytes;
  for (size_t d = 0; d < object.chunk.size(); ++d) {
    const int64_t size = object.chunk[d];
    const int64_t grid = object.extents[d] / size + (object.extents[d] % size != 0);
    if (corner[d] < 0 || corner[d] % size != 0 || corner[d] / size >= grid) cursor.damaged("chunk outside the dataset");
    if (index > std::numeric_limits<int64_t>::max() / 2 / grid) cursor.damaged("too many chunks");
    index = index * grid + corner[d] / size;
    chunk_bytes *= size;
  }
  if (corner.back() != 0) cursor.damaged("chunk corner");
  if (!object.chunks.empty() && object.chunks.back().index >= index) cursor.damaged("chunks out of order");
  if (!object.foreign) {
    const int64_t stored = bytes;
    const bool deflate = object.has_filter(H5Filter::kDeflate);
    const int64_t plain = chunk_bytes + (object.has_filter(H5Filter::kFletcher32) ? 4 : 0);
    // Incompressible data grow by 5 bytes per 16 KiB block at most, and a few.
    if (deflate ? stored > plain + plain / 1000 + 64 || plain > stored * kMaxExpansion : stored != plain) {
      cursor.damaged("stored size of a chunk");
    }
  }
  account(child, bytes, "chunk");
  object.chunks.push_back({index, child, bytes});
  object.stored_bytes += bytes;
}

}  // namespace fovea::io
