// Writing Fovea's HDF5 files (files-and-cli sections 2, 3, 6). The bytes of a file are a function of its content alone:
// everything is kept aside (in memory, then in unnamed temporary files) until finish(), which creates the datasets in
// schema order. So neither the order of calls, nor how rows were grouped, nor time, place or thread count can be seen
// in the file, and merged shards equal the unsharded file.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/element_type.h"
#include "io/root_attributes.h"

namespace fovea::io {

struct WriterOptions {
  bool no_clobber = false;     // refuse an existing target with kCannotCreate
  int compress = -1;           // deflate level 0..9; -1: 4 for integers and strings, 0 for floats and checkpoints
  int64_t expected_bytes = 0;  // for the disk-full message, 0 = unknown
};

// Life: construct (probes the target) -> write... -> finish(). Destroyed without finish(): nothing was written.
// "-" and other streams are built in memory: over max_memory()/3 of data throws Error(kData, "... write to a file
// instead"); a terminal is refused with kUsage. Names may have a leading '/'; groups in a dataset's path are made.
// Writing a name twice, a wrong count of values and the like are broken invariants (FOVEA_CHECK).
class H5Writer {
 public:
  H5Writer(const std::string& target, RootAttributes root, WriterOptions options = {});
  ~H5Writer();
  H5Writer(H5Writer&&) noexcept;
  H5Writer& operator=(H5Writer&&) noexcept;

  // NaN are written in canonical form. `axes` e.g. "image,y,x,channel".
  template <typename T>
  void write(const std::string& dataset, std::span<const int64_t> extents, std::span<const T> values,
             std::string_view axes);
  // Fixed-length UTF-8, as long as the longest. Throws Error(kData) for a string with a NUL byte.
  void write_strings(const std::string& dataset, const std::vector<std::string>& values, std::string_view axes);
  void write_text(const std::string& dataset, std::string_view value);  // scalar string

  // A growing dataset of shape (rows, item_extents...): rows are appended in order, calls for several may interleave.
  void create_rows(const std::string& dataset, ElementType type, std::span<const int64_t> item_extents,
                   std::string_view axes);
  template <typename T>
  void append_rows(const std::string& dataset, int64_t rows, std::span<const T> values);

  void create_group(const std::string& path);

  // `object` is "/", a group or a dataset written or created before finish(). At most 64 KiB each.
  void set_attribute(const std::string& object, const std::string& name, std::string_view value);
  void set_attribute(const std::string& object, const std::string& name, const char* value);
  void set_attribute(const std::string& object, const std::string& name, int64_t value);
  void set_attribute(const std::string& object, const std::string& name, double value);
  void set_attribute(const std::string& object, const std::string& name, const std::vector<int32_t>& value);

  // Writes the file with its content hash and complete = 1, fsync, rename. Returns the hash.
  std::string finish();

  // Copies of what merge needs: a dataset of strings whose cells are `length` bytes, zero-padded.
  void write_cells(const std::string& dataset, int64_t count, int64_t length, std::span<const std::byte> cells,
                   std::string_view axes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fovea::io
