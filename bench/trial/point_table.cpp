#include "bench/trial/point_table.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "bench/print/number.h"
#include "bench/print/table.h"
#include "bench/trial/verdict_lines.h"

namespace tpscale {
namespace {

std::string text_of(const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* fraction = std::get_if<double>(&value)) return short_number(*fraction);
  if (const auto* text = std::get_if<std::string>(&value)) return text->empty() ? "-" : *text;
  return "?";
}

/// Of the point and of the figures that are shown.
std::string marks_text(const Point& point, std::span<const PointColumn> columns) {
  std::set<std::string> marks(point.marks.begin(), point.marks.end());
  for (const Metric& metric : point.results) {
    if (std::ranges::find(columns, metric.name, &PointColumn::metric) != columns.end())
      marks.insert(metric.marks.begin(), metric.marks.end());
  }
  if (point.status != "measured") marks.insert(point.status);
  std::string text;
  for (const std::string& mark : marks) text += (text.empty() ? "" : ", ") + mark;
  return text.empty() ? "-" : text;
}

}  // namespace

std::vector<PointColumn> quality_columns(std::span<const Point> points) {
  std::vector<PointColumn> columns{{"perplexity", "a token", "perplexity"},
                                   {"next token", "% right", "accuracy", 100.0},
                                   {"text", "bits/byte", "bits_per_byte"}};
  std::erase_if(columns, [&](const PointColumn& column) {
    return std::ranges::none_of(points, [&](const Point& point) {
      return std::ranges::find(point.results, column.metric, &Metric::name) != point.results.end();
    });
  });
  return columns;
}

std::string point_cell(const Point& point, const PointColumn& column) {
  for (const Metric& metric : point.results) {
    if (metric.name == column.metric) return short_number(metric.value * column.scale);
  }
  for (const auto& [name, value] : point.parameters) {
    if (name == column.metric) return text_of(value);
  }
  return "-";
}

std::string point_table(const std::string& title, std::span<const Point> points,
                        std::span<const PointColumn> own_columns) {
  std::vector<PointColumn> columns(own_columns.begin(), own_columns.end());
  std::ranges::move(quality_columns(points), std::back_inserter(columns));
  std::vector<Table::Column> heads;
  heads.reserve(columns.size() + 1);
  for (const PointColumn& column : columns) heads.push_back({column.name, column.unit});
  heads.push_back({"marks", "", true});
  Table table(heads);
  for (const Point& point : points) {
    std::vector<std::string> cells;
    cells.reserve(columns.size() + 1);
    for (const PointColumn& column : columns) cells.push_back(point_cell(point, column));
    cells.push_back(marks_text(point, columns));
    table.add_row(std::move(cells));
  }
  return title + "\n\n" + table.text() + "\n" + verdict_lines(points);
}

}  // namespace tpscale
