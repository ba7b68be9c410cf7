// MATLAB level-5 MAT files (what MATLAB's save -v6 and -v7, Octave and SciPy write), read only.
//   MathWorks, "MAT-File Format" (level 5)
//
// A file is 128 bytes of header (116 of text, 8 reserved, uint16 version 0x0100, "MI" in the writer's byte order), then
// one element for each variable. An element is a tag (uint32 type, uint32 bytes; or, for at most 4 bytes of data,
// uint16 type and uint16 bytes in one word with the data behind it), data, and padding to 8 bytes. A variable is an
// element of type 14 (matrix) holding flags, extents, name and values as elements, or one of type 15: the same through
// zlib.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fovea::io {

inline constexpr int kMatMaxDepth = 32;  // levels of cells and structs
inline constexpr size_t kMatMaxRank = 32;

enum class MatKind {
  kNumeric,  // all integer and floating classes, and logical
  kChar,
  kCell,
  kStruct,
  kOther,  // sparse, objects, function handles: named, their values are skipped
};
std::string_view mat_kind_name(MatKind kind);  // "numbers", "text", "a cell array", ...

struct MatArray {
  std::string name;  // of a variable; "" inside cells and structs
  MatKind kind = MatKind::kNumeric;
  std::vector<int64_t> extents = {0, 0};  // two or more; {0,0} is []
  bool complex = false;                   // the imaginary part is skipped
  std::vector<double> values;             // kNumeric: column-major. 64-bit integers beyond 2^53 are rounded
  std::vector<std::string> rows;          // kChar: UTF-8, one string for each row
  std::vector<MatArray> items;      // kCell: column-major. kStruct: the fields of the first element, of the second...
  std::vector<std::string> fields;  // kStruct

  int64_t count() const;                              // product of the extents
  std::string text() const;                           // kChar: the rows one after another; else ""
  int64_t field_index(std::string_view field) const;  // -1 if absent
  // REQUIRES kStruct, element < count(), field_index(field) >= 0.
  const MatArray& at(int64_t element, std::string_view field) const;
};

struct MatFile {
  std::string origin;
  std::vector<MatArray> variables;   // in file order; nameless ones (MATLAB's own) are left out
  std::vector<std::string> skipped;  // names of variables that were not asked for

  const MatArray* find(std::string_view name) const;
  // Throws Error(kData) naming the variables that there are.
  const MatArray& variable(std::string_view name) const;
};

// Throws Error(kData, "ORIGIN: byte N: ...") for damage, for more than max_memory(), and for the other MAT formats:
// level 4 and 7.3 (which is HDF5). `only`: variables of other names are skipped without being held; empty: all.
MatFile parse_mat5(std::span<const std::byte> bytes, const std::string& origin,
                   const std::vector<std::string>& only = {});
// Throws Error(kNoInput) too.
MatFile read_mat5(const std::string& path, const std::vector<std::string>& only = {});

}  // namespace fovea::io
