#include "bench/print/table.h"

#include <algorithm>

#include "core/check.h"

namespace tpscale {
namespace {

void append_cell(std::string& line, const std::string& cell, std::size_t width, bool left) {
  if (!line.empty()) line += "  ";
  const std::string padding(width - cell.size(), ' ');
  line += left ? cell + padding : padding + cell;
}

std::string trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

}  // namespace

void Table::add_row(std::vector<std::string> cells) {
  check(cells.size() == columns_.size(), "a table row with another number of cells than columns");
  rows_.push_back(std::move(cells));
}

std::string Table::text() const {
  std::string names;
  std::string units;
  std::string rule;
  std::vector<std::string> lines(rows_.size());
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Column& column = columns_[i];
    std::size_t width = std::max(column.name.size(), column.unit.size());
    for (const auto& row : rows_) width = std::max(width, row[i].size());
    append_cell(names, column.name, width, column.left);
    append_cell(units, column.unit, width, column.left);
    append_cell(rule, std::string(width, '-'), width, true);
    for (std::size_t row = 0; row < rows_.size(); ++row)
      append_cell(lines[row], rows_[row][i], width, column.left);
  }
  std::string text = trimmed(names) + trimmed(units) + trimmed(rule);
  for (const std::string& line : lines) text += trimmed(line);
  return text;
}

}  // namespace tpscale
