// Rows of typed cells as an aligned table for people, TSV for awk, or JSON lines for jq (files-and-cli section 8).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace fovea::eval {

enum class TableFormat {
  kAuto,   // kTable if stdout is a terminal, else kTsv
  kTable,  // aligned columns; numbers rounded to the column's digits, absent cells "-"
  kTsv,    // header line starting with '#'; shortest round-trip numbers; absent cells NA; \t \n \\ escaped
  kJsonl,  // one object per row, keys in column order; absent and non-finite cells null
};

// "auto", "table", "tsv", "jsonl"; throws Error(kUsage) with the nearest name.
TableFormat parse_table_format(std::string_view name);
const std::vector<std::string>& table_format_names();
// kAuto becomes what stdout asks for; the others stay.
TableFormat resolve(TableFormat format);

// std::monostate is an absent value. Integers beyond 2^53 are strings in JSON.
using Cell = std::variant<std::monostate, bool, int64_t, float, double, std::string>;

template <typename T>
Cell cell(const std::optional<T>& value) {
  return value ? Cell(*value) : Cell();
}

struct Column {
  std::string name;  // a key: snake_case, no spaces
  int digits = 4;    // after the decimal point, in kTable only
};

// Writes rows as they come (kTable: at finish(), when the widths are known). The sink gets whole lines.
class TableWriter {
 public:
  TableWriter(std::vector<Column> columns, TableFormat format, std::function<void(std::string_view)> sink);
  void add(std::vector<Cell> row);  // REQUIRES one cell per column
  void finish();                    // header of an empty TSV included; call once

 private:
  void write_header();
  void write_table() const;

  std::vector<Column> columns_;
  TableFormat format_;
  std::function<void(std::string_view)> sink_;
  std::vector<std::vector<std::string>> texts_;  // kTable: what will be printed
  std::vector<bool> is_number_;                  // kTable: columns to align on the right
  bool header_written_ = false;
};

// All at once.
struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;
  std::string text(TableFormat format) const;
};

}  // namespace fovea::eval
