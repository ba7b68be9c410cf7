// Files as bytes: bounded reads, and outputs that exist completely or not at all (files-and-cli section 6).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fovea {

// Whole file, or stdin for "-". Throws Error(kNoInput) if it can't be opened, (kData) above `limit` bytes, (kIo) on
// read errors. A stream (pipe, terminal, device) that does not begin with `signature` is not read beyond its first
// bytes.
std::vector<std::byte> read_file(const std::string& path, int64_t limit, std::string_view signature = {});
std::string read_text_file(const std::string& path, int64_t limit);
bool is_directory(const std::string& path);
bool file_exists(const std::string& path);
std::string base_name(std::string_view path);  // "a/b.h5" -> "b.h5"
// How an input's path is recorded in outputs: its base name, but "-" for HDF5 files and for "-", which are identified
// by schema and content hash: a pipe then gives the same bytes as the file it stands for.
std::string recorded_path(std::string_view path);
std::string directory_name(std::string_view path);  // "a/b.h5" -> "a", "b" -> "."

// Says what some first bytes look like: "an HDF5 file", "a JPEG image", "a PNG image", "gzip data", "text", "nothing"
// ...
std::string sniff(std::span<const std::byte> head);

struct OutputPolicy {
  bool no_clobber = false;     // refuse an existing target with kCannotCreate
  int64_t expected_bytes = 0;  // for the disk-full message, 0 = unknown
};

// An output file that is written beside its target and renamed at the end. Life: construct (probes the directory, the
// permission and --no-clobber without touching anything) -> path() or write() -> commit(). Destroyed without commit(),
// or killed by SIGINT/SIGTERM: the temporary file is removed and the old target stays. Symbolic links are followed,
// the mode bits of an existing target are kept. "-", "/dev/stdout", FIFOs and other non-regular targets are written
// straight. Throws Error(kCannotCreate) for a missing directory or permission, (kIo) for a full disk or a failed fsync.
class AtomicFile {
 public:
  explicit AtomicFile(std::string target, OutputPolicy policy = {});
  ~AtomicFile();
  AtomicFile(AtomicFile&&) noexcept;
  AtomicFile& operator=(AtomicFile&&) noexcept;

  const std::string& target() const;
  bool is_stream() const;  // target is written straight: only write() may be used
  // The temporary file's path, ".<name>.<pid>.<n>.tmp" in the target's directory, for libraries that open by name
  // (HDF5).
  const std::string& path() const;
  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);
  void commit();  // fsync, rename, fsync the directory; streams: flush

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What constructing and dropping an AtomicFile finds out: fails now for a target that could not be written at the end.
void probe_output(const std::string& target, bool no_clobber);

// The whole of `bytes` as an AtomicFile.
void write_file(const std::string& target, std::string_view bytes, OutputPolicy policy = {});

// Data lines for stdout. Throws Error(kIo) when the write fails (> /dev/full). finish_stdout() flushes, checks, closes.
// Of several ranks the first alone writes.
void write_stdout(std::string_view text);
void finish_stdout();
bool stdout_is_terminal();
void flush_stdout();
// Takes the numbers 0, 1, 2 where the caller closed them (>&-), so that no data file becomes stdin, stdout or stderr.
// Writing to such a stdout fails. For the start of a program.
void guard_standard_streams();

// Async-signal-safe: unlinks every live temporary file. For signal handlers.
void remove_temporary_files() noexcept;

// Tests only: the next `count` writes succeed, the one after fails with `code` (ENOSPC, EIO). Negative count: off.
void inject_write_fault(int64_t count, int code);
// True if the fault hook says that the next write fails; writers that bypass AtomicFile::write (HDF5) ask before each.
int take_write_fault();

}  // namespace fovea
