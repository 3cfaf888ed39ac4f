#pragma once
#include <string>
#include <vector>

namespace tpscale {

/// A table for a terminal: a head of two lines (name, unit), columns as wide as they need, numbers to the
/// right.
class Table {
 public:
  struct Column {
    std::string name;
    std::string unit;   ///< "" where it has none
    bool left = false;  ///< text; numbers stand to the right
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add_row(std::vector<std::string> cells);  ///< as many as columns
  std::string text() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace tpscale
