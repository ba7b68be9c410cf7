#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <list>
#include <span>
#include <utility>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

namespace fovea {
namespace {

class Input {
 public:
  explicit Input(const std::string& path) : name_(path == "-" ? "stdin" : path) {
    descriptor_ = path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor_ < 0)
      fail(ErrorKind::kNoInput, "{}: cannot open: {}", printable(name_, 4096), system_message(errno));
  }
  ~Input() {
    if (descriptor_ != STDIN_FILENO) close(descriptor_);
  }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  std::vector<std::byte> read_all(int64_t limit, std::string_view signature) {
    struct stat info {};
    if (fstat(descriptor_, &info) == 0) {
      if (S_ISDIR(info.st_mode)) fail(ErrorKind::kData, "{}: expected a file, found a directory", name_);
      if (S_ISREG(info.st_mode)) check_size(info.st_size, limit);
    }
    std::vector<std::byte> bytes(static_cast<size_t>(S_ISREG(info.st_mode) ? info.st_size : 0));
    bytes.resize(read_into(bytes));
    append_stream(bytes, limit, S_ISREG(info.st_mode) ? "" : signature);  // a file may grow meanwhile
    return bytes;
  }

 private:
  static constexpr size_t kFirstBlock = size_t{1} << 16, kLastBlock = size_t{1} << 26;

  // Fills `out` unless the input ends; the number of bytes read.
  size_t read_into(std::span<std::byte> out) {
    size_t filled = 0;
    while (filled < out.size()) {
      const ssize_t got = ::read(descriptor_, out.data() + filled, out.size() - filled);
      if (got == 0) break;
      if (got > 0)
        filled += static_cast<size_t>(got);
      else if (errno != EINTR)
        fail(ErrorKind::kIo, "{}: cannot read: {}", name_, system_message(errno));
    }
    return filled;
  }

  // What is still to come, in blocks that are not moved as it grows: memory is taken once, not twice.
  void append_stream(std::vector<std::byte>& bytes, int64_t limit, std::string_view signature) {
    std::list<std::vector<std::byte>> blocks;
    size_t total = bytes.size();
    for (size_t size = kFirstBlock;; size = std::min(2 * size, kLastBlock)) {
      std::vector<std::byte>& block = blocks.emplace_back(size);
      block.resize(read_into(block));
      total += block.size();
      check_size(static_cast<int64_t>(total), limit);
      if (block.size() < size) break;
      if (blocks.size() == 1 && std::memcmp(block.data(), signature.data(), signature.size()) != 0) break;
    }
    bytes.reserve(total);
    for (; !blocks.empty(); blocks.pop_front()) bytes.insert(bytes.end(), blocks.front().begin(), blocks.front().end());
  }

  void check_size(int64_t size, int64_t limit) const {
    if (size <= limit) return;
    const std::string message =
        fmt::format("{}: expected at most {}, found {}", name_, format_bytes(static_cast<double>(limit)),
                    format_bytes(static_cast<double>(size)));
    if (limit >= max_memory()) throw MemoryLimitError(message, "--max-memory sets the limit");
    fail(ErrorKind::kData, "{}", message);
  }

  std::string name_;
  int descriptor_ = -1;
};

bool looks_like_text(std::string_view head) {
  return std::none_of(head.begin(), head.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == 0x7F || (byte < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != '\x1b');
  });
}

}  // namespace

std::vector<std::byte> read_file(const std::string& path, int64_t limit, std::string_view signature) {
  return Input(path).read_all(limit, signature);
}

std::string read_text_file(const std::string& path, int64_t limit) {
  const auto bytes = read_file(path, limit);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_directory(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

bool file_exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

std::string base_name(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  if (path == "/") return "/";
  return std::string(path.substr(path.rfind('/') + 1));
}

std::string recorded_path(std::string_view path) { return path.ends_with(".h5") ? "-" : base_name(path); }

std::string directory_name(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return slash == 0 ? "/" : std::string(path.substr(0, slash));
}

std::string sniff(std::span<const std::byte> head) {
  using namespace std::string_view_literals;
  static constexpr std::array<std::pair<std::string_view, const char*>, 20> kSignatures = {{
      {"\x89HDF\r\n\x1a\n"sv, "an HDF5 file"},
      {"\xff\xd8\xff"sv, "a JPEG image"},
      {"\x89PNG\r\n\x1a\n"sv, "a PNG image"},
      {"GIF8"sv, "a GIF image"},
      {"II*\0"sv, "a TIFF image"},
      {"MM\0*"sv, "a TIFF image"},
      {"\x1f\x8b"sv, "gzip data"},
      {"PK\x03\x04"sv, "a ZIP archive"},
      {"BZh"sv, "bzip2 data"},
      {"\xfd"
       "7zXZ\0"sv,
       "xz data"},
      {"\x28\xb5\x2f\xfd"sv, "zstd data"},
      {"MATLAB 7.3 MAT-file"sv, "a MATLAB 7.3 file"},
      {"MATLAB 5.0 MAT-file"sv, "a MATLAB 5 file"},
      {"\x93NUMPY"sv, "a NumPy array"},
      {"%PDF-"sv, "a PDF document"},
      {"\x7f"
       "ELF"sv,
       "an ELF program"},
      {"\0\0\x08\x01"sv, "an IDX label file"},
      {"\0\0\x08\x03"sv, "an IDX image file"},
      {"fovea-net "sv, "a network text"},
      {"<?xml"sv, "an XML document"},
  }};
  const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  if (text.empty()) return "nothing";
  for (const auto& [signature, name] : kSignatures) {
    if (text.starts_with(signature)) return name;
  }
  if (text.starts_with("RIFF") && text.size() >= 12 && text.substr(8, 4) == "WEBP") return "a WebP image";
  if (text.starts_with("BM") && text.size() >= 6 && !looks_like_text(text)) return "a BMP image";
  if (text.size() > 2 && text[0] == 'P' && text[1] >= '1' && text[1] <= '6' && text[2] == '\n') return "a Netpbm image";
  if (!looks_like_text(text)) return "unknown binary data";
  const auto first = trim(text);
  if (first.starts_with('{') || first.starts_with('[')) return "JSON text";
  if (first.starts_with('<')) return "an XML document";
  return "text";
}

}  // namespace fovea
