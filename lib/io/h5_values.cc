// Values of datasets: contiguous, compact and chunked with shuffle, deflate, fletcher32.
#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/memory.h"
#include "io/h5_chunk_cache.h"
#include "io/h5_cursor.h"
#include "io/h5_format.h"

namespace fovea::io {
namespace {

using Bytes = std::vector<std::byte>;

bool inflate_exactly(std::span<const std::byte> in, std::span<std::byte> out) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) fail(ErrorKind::kSystem, "out of memory (zlib)");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(in.data()));
  stream.avail_in = static_cast<uInt>(in.size());  // chunks are below 4 GiB
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = inflate(&stream, Z_FINISH);
  const bool whole = result == Z_STREAM_END && stream.avail_out == 0 && stream.avail_in == 0;
  inflateEnd(&stream);
  return whole;
}

Bytes unshuffle(const Bytes& in, size_t element) {
  if (element < 2) return in;
  Bytes out(in.size());
  const size_t count = in.size() / element;
  for (size_t b = 0; b < element; ++b) {
    const std::byte* plane = in.data() + b * count;
    for (size_t i = 0; i < count; ++i) out[i * element + b] = plane[i];
  }
  std::copy(in.begin() + static_cast<std::ptrdiff_t>(count * element), in.end(),
            out.begin() + static_cast<std::ptrdiff_t>(count * element));
  return out;
}

// Copies the box `from`..`to` (global element coordinates) of a chunk into rows `begin`... of the output.
struct ChunkCopy {
  const H5Object& object;
  std::span<const int64_t> corner, from, to;
  int64_t begin;
  const std::byte* chunk;
  std::byte* out;

  void run(size_t axis, int64_t in_at, int64_t out_at) const {
    const size_t rank = object.extents.size();
    const int64_t in_first = from[axis] - corner[axis];
    const int64_t out_first = from[axis] - (axis == 0 ? begin : 0);
    const int64_t count = to[axis] - from[axis];
    const int64_t in_line = in_at * object.chunk[axis] + in_first;
    const int64_t out_line = axis == 0 ? out_first : out_at * object.extents[axis] + out_first;
    if (axis + 1 == rank) {
      const int64_t size = object.type.bytes;
      std::memcpy(out + out_line * size, chunk + in_line * size, static_cast<size_t>(count * size));
      return;
    }
    for (int64_t i = 0; i < count; ++i) run(axis + 1, in_line + i, out_line + i);
  }
};

class ChunkedRows {
 public:
  ChunkedRows(const ByteSource& source, const H5Object& object, const std::string& place, H5ChunkCache* cache)
      : source_(source), object_(object), place_(place), cache_(cache), chunk_bytes_(object.type.bytes) {
    for (size_t d = 0; d < object.chunk.size(); ++d) {
      chunk_bytes_ *= object.chunk[d];
      grid_.push_back(object.extents[d] / object.chunk[d] + (object.extents[d] % object.chunk[d] != 0));
    }
    // Packed, unpacked and unshuffled bytes of one chunk.
    require_memory(checked_multiply(chunk_bytes_, 3, place), place);
  }

  void read(int64_t begin, int64_t end, std::byte* out) {
    const size_t rank = grid_.size();
    std::vector<int64_t> at(rank, 0), corner(rank), from(rank), to(rank);
    at[0] = begin / object_.chunk[0];
    while (at[0] * object_.chunk[0] < end) {
      int64_t index = 0;
      bool whole = true;
      for (size_t d = 0; d < rank; ++d) {
        index = index * grid_[d] + at[d];
        corner[d] = at[d] * object_.chunk[d];
        from[d] = d == 0 ? std::max(begin, corner[d]) : corner[d];
        const int64_t limit = std::min(corner[d] + object_.chunk[d], object_.extents[d]);
        to[d] = d == 0 ? std::min(end, limit) : limit;
        whole = whole && from[d] == corner[d] && to[d] == limit;
      }
      const H5ChunkCache::Bytes chunk = decoded(index, corner[0], whole);
      ChunkCopy{object_, corner, from, to, begin, chunk->data(), out}.run(0, 0, 0);
      for (size_t d = rank; d-- > 0;) {
        if (++at[d] < grid_[d] || d == 0) break;
        at[d] = 0;
      }
    }
  }

 private:
  H5ChunkCache::Bytes decoded(int64_t index, int64_t row, bool whole) {
    if (cache_ != nullptr) {
      if (auto known = cache_->find(&object_, index)) return known;
    }
    const auto chunk = std::lower_bound(object_.chunks.begin(), object_.chunks.end(), index,
                                        [](const H5Chunk& c, int64_t i) { return c.index < i; });
    if (chunk == object_.chunks.end() || chunk->index != index) {
      fail(ErrorKind::kData, "{}: chunk at row {} is missing", place_, row);
    }
    auto bytes = std::make_shared<const Bytes>(decode(*chunk, row));
    if (cache_ != nullptr && !whole) cache_->keep(&object_, index, bytes);
    return bytes;
  }

  [[noreturn]] void damaged(int64_t row, std::string_view filter) const {
    fail(ErrorKind::kData, "{}: chunk at row {} is damaged ({})", place_, row, filter);
  }

  Bytes decode(const H5Chunk& chunk, int64_t row) const {
    Bytes bytes(static_cast<size_t>(chunk.bytes));
    source_.read(chunk.address, bytes);
    for (size_t i = object_.filters.size(); i-- > 0;) {
      const H5FilterStep& step = object_.filters[i];
      if (step.filter == H5Filter::kShuffle) {
        bytes = unshuffle(bytes, step.parameter);
      } else if (step.filter == H5Filter::kFletcher32) {
        if (bytes.size() < 4) damaged(row, "fletcher32");
        uint32_t stored = 0;
        for (size_t b = 0; b < 4; ++b) stored |= static_cast<uint32_t>(bytes[bytes.size() - 4 + b]) << (8 * b);
        bytes.resize(bytes.size() - 4);
        if (fletcher32(bytes) != stored) damaged(row, "fletcher32");
      } else {
        Bytes plain(static_cast<size_t>(packed_bytes(i)));
        if (!inflate_exactly(bytes, plain)) damaged(row, "deflate");
        bytes = std::move(plain);
      }
    }
    if (static_cast<int64_t>(bytes.size()) != chunk_bytes_) damaged(row, "wrong size");
    return bytes;
  }

  // Bytes that went into filter `step` when the chunk was written.
  int64_t packed_bytes(size_t step) const {
    int64_t bytes = chunk_bytes_;
    for (size_t i = 0; i < step; ++i) bytes += object_.filters[i].filter == H5Filter::kFletcher32 ? 4 : 0;
    return bytes;
  }

  const ByteSource& source_;
  const H5Object& object_;
  const std::string& place_;
  H5ChunkCache* cache_;
  int64_t chunk_bytes_;
  std::vector<int64_t> grid_;
};

}  // namespace

uint32_t fletcher32(std::span<const std::byte> bytes) {
  uint64_t sum1 = 0, sum2 = 0;
  const auto fold = [](uint64_t value) {
    while (value > 0xffff) value = (value & 0xffff) + (value >> 16);
    return value;
  };
  size_t i = 0;
  while (i < bytes.size()) {
    // 2^20 words keep sum2 far below 2^64.
    const size_t end = std::min(bytes.size(), i + (size_t{2} << 20));
    for (; i < end; i += 2) {
      const uint32_t high = static_cast<uint32_t>(bytes[i]);
      const uint32_t low = i + 1 < bytes.size() ? static_cast<uint32_t>(bytes[i + 1]) : 0;
      sum1 += high << 8 | low;
      sum2 += sum1;
    }
    sum1 = fold(sum1);
    sum2 = fold(sum2);
  }
  return static_cast<uint32_t>(sum2 << 16 | sum1);
}

int64_t count_of(std::span<const int64_t> extents, const std::string& place) {
  int64_t count = 1;
  for (const int64_t extent : extents) count = checked_multiply(count, extent, place);
  return count;
}

std::string extents_text(std::span<const int64_t> extents) {
  if (extents.empty()) return "";
  std::string text = "(";
  for (size_t i = 0; i < extents.size(); ++i) text += fmt::format("{}{}", i > 0 ? "," : "", extents[i]);
  return text + (extents.size() == 1 ? ",)" : ")");
}

void read_h5_rows(const ByteSource& source, const H5Object& object, const std::string& place, int64_t begin,
                  int64_t end, std::span<std::byte> out, H5ChunkCache* cache) {
  if (out.empty() || begin >= end) return;
  const int64_t row_bytes = static_cast<int64_t>(out.size()) / (end - begin);
  if (!object.chunk.empty()) {
    ChunkedRows(source, object, place, cache).read(begin, end, out.data());
    return;
  }
  const int64_t at = begin * row_bytes;
  const int64_t count = static_cast<int64_t>(out.size());
  FOVEA_CHECK(at + count <= object.stored_bytes, "{}: rows {}..{} are not stored", place, begin, end);
  if (object.is_compact) {
    std::memcpy(out.data(), object.compact.data() + at, out.size());
  } else {
    source.read(object.address + at, out);
  }
}

std::string read_h5_var_string(const ByteSource& source, std::span<const std::byte> reference,
                               const std::string& place) {
  H5Cursor cursor(reference, 0, place, "variable-length string");
  const int64_t length = cursor.u32();
  const int64_t address = cursor.offset();
  const uint32_t wanted = cursor.u32();
  if (length == 0) return {};
  const auto load = [&](int64_t at, int64_t count) {
    if (at < 0 || at > source.size() || count < 0 || count > source.size() - at) {
      fail_damaged(place, at, "string outside of the file");
    }
    Bytes bytes(static_cast<size_t>(count));
    source.read(at, bytes);
    return bytes;
  };
  const Bytes head = load(address, 16);
  H5Cursor collection(head, address, place, "global heap");
  collection.expect("GCOL");
  if (collection.u8() != 1) collection.damaged("unknown version");
  collection.skip(3);
  const int64_t end = address + collection.offset();
  for (int64_t at = address + 16; at + 16 <= end;) {
    const Bytes entry = load(at, 16);
    H5Cursor object(entry, at, place, "global heap");
    const int index = object.u16();
    object.skip(6);
    const int64_t bytes = object.offset();
    if (index == 0 || bytes < 0) break;  // the free space is last
    if (static_cast<uint32_t>(index) == wanted) {
      if (length > bytes) fail_damaged(place, at, "string longer than its heap object");
      const Bytes text = load(at + 16, length);
      return std::string(reinterpret_cast<const char*>(text.data()), text.size());
    }
    if (bytes > source.size()) break;
    at += 16 + (bytes + 7) / 8 * 8;
  }
  fail_damaged(place, address, "string not in its heap");
}

}  // namespace fovea::io
