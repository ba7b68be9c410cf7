#include "io/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

namespace fovea::io {
namespace {

constexpr size_t kFirstOutput = size_t{1} << 16;

// zlib counts in 32 bits; hand it at most this much at a time.
uInt window(size_t bytes) { return static_cast<uInt>(std::min<size_t>(bytes, std::numeric_limits<uInt>::max() / 2)); }

class Inflater {
 public:
  Inflater(int window_bits, std::span<const std::byte> input, std::string_view place) : place_(place), input_(input) {
    if (inflateInit2(&stream_, window_bits) != Z_OK) fail(ErrorKind::kSystem, "{}: out of memory", place);
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  size_t consumed() const { return consumed_; }
  void reset() { inflateReset(&stream_); }

  // Fills output[filled..]; returns true at the end of the stream. Grows nothing.
  bool step(std::vector<std::byte>& output, size_t& filled) {
    // zlib's input pointer is not const for historical reasons; the data is not written.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(input_.data() + consumed_));
    const uInt in = window(input_.size() - consumed_);
    stream_.avail_in = in;
    stream_.next_out = reinterpret_cast<Bytef*>(output.data() + filled);
    const uInt out = window(output.size() - filled);
    stream_.avail_out = out;
    const int code = inflate(&stream_, Z_NO_FLUSH);
    consumed_ += in - stream_.avail_in;
    filled += out - stream_.avail_out;
    if (code == Z_STREAM_END) return true;
    if (code == Z_MEM_ERROR) fail(ErrorKind::kSystem, "{}: out of memory", place_);
    if (code != Z_OK && code != Z_BUF_ERROR) {
      fail(ErrorKind::kData, "{}: damaged compressed data near byte {}: {}", place_, consumed_,
           stream_.msg != nullptr ? stream_.msg : "invalid stream");
    }
    if (consumed_ == input_.size() && stream_.avail_out != 0) {
      fail(ErrorKind::kData, "{}: truncated: compressed data ends after {} bytes", place_, input_.size());
    }
    return false;
  }

 private:
  std::string_view place_;
  std::span<const std::byte> input_;
  size_t consumed_ = 0;
  z_stream stream_{};
};

}  // namespace

bool is_gzip(std::span<const std::byte> bytes) {
  return bytes.size() >= 2 && bytes[0] == std::byte{0x1F} && bytes[1] == std::byte{0x8B};
}

std::vector<std::byte> gunzip(std::span<const std::byte> bytes, int64_t limit, std::string_view place) {
  if (!is_gzip(bytes)) fail_data(place, "gzip data", sniff(bytes));
  Inflater inflater(15 + 16, bytes, place);
  std::vector<std::byte> output;
  size_t filled = 0;
  const size_t most = static_cast<size_t>(std::max<int64_t>(limit, 0));
  while (true) {
    // One byte of slack over the limit tells "exactly the limit" from "more".
    if (filled == output.size()) {
      if (filled > most)
        fail_data(place, "at most " + format_bytes(double(limit)) + " of data", "more after decompression");
      const size_t larger = std::min(std::max(kFirstOutput, output.size() * 2), most + 1);
      require_memory(static_cast<int64_t>(larger), place);
      output.resize(larger);
    }
    if (!inflater.step(output, filled)) continue;
    if (inflater.consumed() == bytes.size()) break;
    if (!is_gzip(bytes.subspan(inflater.consumed()))) {
      fail_data(place, "end of gzip data at byte " + std::to_string(inflater.consumed()),
                std::to_string(bytes.size() - inflater.consumed()) + " more bytes");
    }
    inflater.reset();
  }
  if (filled > most)
    fail_data(place, "at most " + format_bytes(double(limit)) + " of data", "more after decompression");
  output.resize(filled);
  return output;
}

std::vector<std::byte> inflate_raw(std::span<const std::byte> bytes, int64_t size, std::string_view place) {
  // Deflate cannot expand more than about 1032:1, so a larger claim is refused before it is allocated.
  const auto claim = static_cast<uint64_t>(std::max<int64_t>(size, 0));
  if (size < 0 || claim / 1100 > bytes.size()) {
    fail_data(place, "size possible for " + std::to_string(bytes.size()) + " compressed bytes", std::to_string(size));
  }
  require_memory(size, place);
  Inflater inflater(-15, bytes, place);
  std::vector<std::byte> output(static_cast<size_t>(size) + 1);
  size_t filled = 0;
  while (!inflater.step(output, filled)) {
    if (filled == output.size()) fail_data(place, std::to_string(size) + " bytes", "more after decompression");
  }
  if (filled != static_cast<size_t>(size)) {
    fail_data(place, std::to_string(size) + " bytes", std::to_string(filled) + " after decompression");
  }
  output.resize(filled);
  return output;
}

std::vector<std::byte> gzip(std::span<const std::byte> bytes, int level) {
  z_stream stream{};
  if (deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    fail(ErrorKind::kSystem, "gzip: out of memory");
  }
  std::vector<std::byte> output(deflateBound(&stream, static_cast<uLong>(bytes.size())));
  size_t consumed = 0, filled = 0;
  int code = Z_OK;
  while (code == Z_OK) {
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data() + consumed));
    const uInt in = window(bytes.size() - consumed);
    stream.avail_in = in;
    stream.next_out = reinterpret_cast<Bytef*>(output.data() + filled);
    const uInt out = window(output.size() - filled);
    stream.avail_out = out;
    code = deflate(&stream, consumed + in == bytes.size() ? Z_FINISH : Z_NO_FLUSH);
    consumed += in - stream.avail_in;
    filled += out - stream.avail_out;
  }
  deflateEnd(&stream);
  FOVEA_CHECK(code == Z_STREAM_END, "deflate ended with {}", code);
  output.resize(filled);
  return output;
}

std::vector<std::byte> read_maybe_gzip(const std::string& path, int64_t limit) {
  std::vector<std::byte> bytes = read_file(path, limit);
  return is_gzip(bytes) ? gunzip(bytes, limit, path) : bytes;
}

}  // namespace fovea::io
