// Reading HDF5 files, none of which is trusted: all structures of the file are checked on opening (io/h5_format.h), and
// no size from the file is allocated before it was compared with what the file can hold and with max_memory(). Only
// HDF5's "earliest" format is accepted (what our writer, h5py and Keras write by default): no links but hard ones, no
// external or virtual storage, no filters but shuffle, deflate and fletcher32. Messages: files-and-cli section 11.
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

// Names of datasets and groups may be given with or without the leading '/'. Strings are returned without padding.
// All members throw Error(kData) for what the file does wrong, Error(kIo) for read errors. A reader may be used
// by several threads at once.
class H5Reader {
 public:
  // Opens and audits; "-" (and any pipe) is read whole into memory. The schema is not looked at: this is for foreign
  // files too. Throws Error(kNoInput) if it can't be opened, (kData) if it is no sound HDF5 file.
  explicit H5Reader(const std::string& path);
  // The same for bytes in memory (for tests and fuzzing); `name` stands for the path in messages.
  H5Reader(std::vector<std::byte> image, const std::string& name);
  ~H5Reader();
  H5Reader(H5Reader&&) noexcept;
  H5Reader& operator=(H5Reader&&) noexcept;

  // As the constructor, and: root attributes, schema name ("" = any known), major version, complete = 1, and structure
  // against the table of io/schema.h (presence, types, ranks, extents). Values are checked by validate_data().
  static H5Reader open(const std::string& path, std::string_view expected_schema);
  // What open() does after opening.
  void require_schema(std::string_view expected_schema);

  const std::string& path() const;
  const RootAttributes& attributes() const;  // parsed by require_schema(); empty before
  int64_t file_bytes() const;

  bool has(const std::string& object) const;
  bool is_group(const std::string& object) const;                     // false if absent
  std::vector<std::string> children(const std::string& group) const;  // names, sorted bytewise
  std::vector<std::string> datasets() const;                          // all paths without leading '/', sorted
  std::vector<std::string> groups() const;                            // the same for groups but the root
  std::vector<int64_t> extents(const std::string& dataset) const;     // {} for a scalar
  bool is_readable(const std::string& dataset) const;                 // a type and filters we know; false if absent
  ElementType type(const std::string& dataset) const;                 // throws for types outside ElementType
  int64_t string_length(const std::string& dataset) const;            // bytes of a fixed-length string element
  std::string describe(const std::string& dataset) const;             // "float32 (2000,5)"
  // Throws if the extents claim more than the file can hold: "extent needs 16 TiB, file holds 2 KiB".
  void require_stored(const std::string& dataset) const;

  // The type must be T exactly; `expected` has one number per dimension, -1 = any; empty = any shape.
  template <typename T>
  std::vector<T> read(const std::string& dataset, std::span<const int64_t> expected = {}) const;
  // Items [begin, end) of the first dimension; `out` holds exactly that many elements.
  template <typename T>
  void read_rows(const std::string& dataset, int64_t begin, int64_t end, std::span<T> out) const;
  template <typename T>
  void read_into(const std::string& dataset, std::span<T> out) const;
  // Float16, float32 or float64, converted to float32; for foreign files.
  bool is_float(const std::string& dataset) const;
  std::vector<float> read_as_float(const std::string& dataset) const;
  std::vector<std::string> read_strings(const std::string& dataset) const;  // rank 1 (or 0: one string)
  std::string text(const std::string& dataset) const;                       // scalar string
  // Items [begin, end) as stored, little-endian, whatever the type; for hashing and copying.
  std::vector<std::byte> read_raw(const std::string& dataset, int64_t begin, int64_t end) const;

  // `object` "/" is the root. Missing attributes and wrong types throw.
  std::vector<std::string> attribute_names(const std::string& object) const;  // sorted
  bool has_attribute(const std::string& object, const std::string& name) const;
  bool is_readable_attribute(const std::string& object, const std::string& name) const;  // attribute_type won't throw
  ElementType attribute_type(const std::string& object, const std::string& name) const;
  std::vector<int64_t> attribute_extents(const std::string& object, const std::string& name) const;
  std::string attribute_text(const std::string& object, const std::string& name) const;
  std::vector<std::string> attribute_texts(const std::string& object, const std::string& name) const;
  int64_t attribute_int(const std::string& object, const std::string& name) const;    // any integer type that fits
  uint64_t attribute_uint(const std::string& object, const std::string& name) const;  // the same, unsigned
  double attribute_double(const std::string& object, const std::string& name) const;  // any float type
  std::vector<int32_t> attribute_ints(const std::string& object, const std::string& name) const;  // int32

  // "FILE: DATASET", for messages.
  std::string place(const std::string& dataset) const;

 private:
  RootAttributes& mutable_attributes();
  uint64_t attribute_bits(const std::string& object, const std::string& name, bool is_unsigned) const;

  struct State;
  std::unique_ptr<State> state_;
};

// What is there of the root attributes, whether the file is finished or not. Throws Error(kData) for wrong types.
RootAttributes read_root_attributes(const H5Reader& reader);

}  // namespace fovea::io
