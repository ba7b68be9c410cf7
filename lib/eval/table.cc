#include "eval/table.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "io/json.h"

namespace fovea::eval {
namespace {

constexpr size_t kMaxTableCell = 1000;  // characters of one cell in a table for people

template <typename... Functions>
struct Overload : Functions... {
  using Functions::operator()...;
};
template <typename... Functions>
Overload(Functions...) -> Overload<Functions...>;

// Shortest, in the fifteen digits that a double has for sure: 57, not 56.99999999999999.
std::string number_text(double value) {
  return format_number(parse_double(fmt::format("{:.15g}", value)).value_or(value));
}

std::string tsv_cell(const Cell& cell) {
  return std::visit(
      Overload{[](std::monostate) -> std::string { return "NA"; },
               [](bool value) -> std::string { return value ? "1" : "0"; },
               [](int64_t value) { return std::to_string(value); }, [](float value) { return format_number(value); },
               [](double value) { return number_text(value); },
               [](const std::string& value) { return escape_tsv(value); }},
      cell);
}

std::string json_cell(const Cell& cell) {
  return std::visit(
      Overload{[](std::monostate) -> std::string { return "null"; },
               [](bool value) -> std::string { return value ? "true" : "false"; },
               [](float value) -> std::string { return std::isfinite(value) ? format_number(value) : "null"; },
               [](double value) -> std::string { return std::isfinite(value) ? number_text(value) : "null"; },
               [](const auto& value) { return io::canonical_json(io::Json(value)); }},
      cell);
}

std::string rounded(double value, int digits) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value, digits) : format_number(value);
}

std::string table_cell(const Cell& cell, int digits) {
  return std::visit(Overload{[](std::monostate) -> std::string { return "-"; },
                             [](bool value) -> std::string { return value ? "yes" : "no"; },
                             [](int64_t value) { return std::to_string(value); },
                             [&](float value) { return rounded(static_cast<double>(value), digits); },
                             [&](double value) { return rounded(value, digits); },
                             [](const std::string& value) { return printable(value, kMaxTableCell); }},
                    cell);
}

// Characters, not bytes: continuation bytes of UTF-8 take no room.
size_t display_width(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string padded(const std::string& text, size_t width, bool on_the_left) {
  const std::string pad(width - display_width(text), ' ');
  return on_the_left ? pad + text : text + pad;
}

}  // namespace

const std::vector<std::string>& table_format_names() {
  static const std::vector<std::string> names = {"auto", "table", "tsv", "jsonl"};
  return names;
}

TableFormat parse_table_format(std::string_view name) {
  const auto& names = table_format_names();
  const auto it = std::find(names.begin(), names.end(), name);
  if (it != names.end()) return static_cast<TableFormat>(it - names.begin());
  const std::string near = nearest(name, names);
  throw Error(ErrorKind::kUsage, fmt::format("--format: expected {}, found '{}'", join(names, " | "), printable(name)),
              near.empty() ? "" : fmt::format("did you mean '{}'?", near));
}

TableFormat resolve(TableFormat format) {
  if (format != TableFormat::kAuto) return format;
  return stdout_is_terminal() ? TableFormat::kTable : TableFormat::kTsv;
}

TableWriter::TableWriter(std::vector<Column> columns, TableFormat format, std::function<void(std::string_view)> sink)
    : columns_(std::move(columns)),
      format_(resolve(format)),
      sink_(std::move(sink)),
      is_number_(columns_.size(), true) {
  FOVEA_CHECK(!columns_.empty(), "a table without columns");
}

void TableWriter::write_header() {
  if (header_written_) return;
  header_written_ = true;
  std::string line = "#";
  for (size_t i = 0; i < columns_.size(); ++i) line += (i == 0 ? "" : "\t") + escape_tsv(columns_[i].name);
  sink_(line + "\n");
}

void TableWriter::add(std::vector<Cell> row) {
  FOVEA_CHECK(row.size() == columns_.size(), "{} cells for {} columns", row.size(), columns_.size());
  if (format_ == TableFormat::kTable) {
    std::vector<std::string> texts;
    for (size_t i = 0; i < row.size(); ++i) {
      texts.push_back(table_cell(row[i], columns_[i].digits));
      if (std::holds_alternative<std::string>(row[i]) || std::holds_alternative<bool>(row[i])) is_number_[i] = false;
    }
    texts_.push_back(std::move(texts));
    return;
  }
  std::string line;
  if (format_ == TableFormat::kTsv) {
    write_header();
    for (size_t i = 0; i < row.size(); ++i) line += (i == 0 ? "" : "\t") + tsv_cell(row[i]);
    sink_(line + "\n");
    return;
  }
  for (size_t i = 0; i < row.size(); ++i) {
    line += (i == 0 ? "{" : ",") + io::canonical_json(io::Json(columns_[i].name)) + ":" + json_cell(row[i]);
  }
  sink_(line + "}\n");
}

void TableWriter::write_table() const {
  std::vector<size_t> widths;
  for (const auto& column : columns_) widths.push_back(display_width(column.name));
  for (const auto& row : texts_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
  }
  const auto write_row = [&](const std::vector<std::string>& row) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) line += (i == 0 ? "" : "  ") + padded(row[i], widths[i], is_number_[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    sink_(line + "\n");
  };
  std::vector<std::string> names;
  for (const auto& column : columns_) names.push_back(column.name);
  write_row(names);
  for (const auto& row : texts_) write_row(row);
}

void TableWriter::finish() {
  if (format_ == TableFormat::kTsv) write_header();
  if (format_ == TableFormat::kTable) write_table();
}

std::string Table::text(TableFormat format) const {
  std::string out;
  TableWriter writer(columns, format, [&](std::string_view line) { out += line; });
  for (const auto& row : rows) writer.add(row);
  writer.finish();
  return out;
}

}  // namespace fovea::eval
