#include <algorithm>
#include <set>

#include "bench/print/number.h"
#include "bench/print/table.h"
#include "bench/trial/comparison.h"
#include "bench/trial/dry_run.h"
#include "bench/trial/verdict_lines.h"

namespace tpscale {
namespace {

std::string text_of(const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* number = std::get_if<double>(&value)) return short_number(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return "?";
}

std::string cell(const Point& point, const ComparisonColumn& column) {
  for (const Metric& metric : point.results) {
    if (metric.name == column.metric) return short_number(metric.value * column.scale);
  }
  for (const auto& [name, value] : point.parameters) {
    if (name == column.metric) return text_of(value);
  }
  return "-";
}

std::string marks_of(const Point& point) {
  std::set<std::string> marks(point.marks.begin(), point.marks.end());
  for (const Metric& metric : point.results) marks.insert(metric.marks.begin(), metric.marks.end());
  if (point.status != "measured") marks.insert(point.status);
  std::string text;
  for (const std::string& mark : marks) text += (text.empty() ? "" : ", ") + mark;
  return text.empty() ? "-" : text;
}

std::string table_text(const ExperimentReport& report, std::span<const ComparisonColumn> columns) {
  std::vector<Table::Column> heads;
  for (const ComparisonColumn& column : columns) heads.push_back({column.name, column.unit});
  heads.push_back({"marks", "", true});
  Table table(heads);
  for (const Point& point : report.points) {
    std::vector<std::string> cells;
    for (const ComparisonColumn& column : columns) cells.push_back(cell(point, column));
    cells.push_back(marks_of(point));
    table.add_row(std::move(cells));
  }
  return report.name + "\n\n" + table.text() + "\n" + verdict_lines(report.points);
}

}  // namespace

void run_comparisons(Launch& launch, const std::string& experiment,
                     const std::function<std::vector<Comparison>()>& plan,
                     std::span<const ComparisonColumn> columns) {
  std::vector<Comparison> comparisons;
  together(launch.world, [&] { comparisons = plan(); });
  if (launch.options.run.dry_run) {
    std::vector<PointPlan> plans;
    for (const Comparison& comparison : comparisons) plans.push_back(comparison.plan);
    return print_dry_run(launch, plans);
  }
  ExperimentReport report;
  report.name = experiment;
  launch.progress.start(static_cast<std::int64_t>(comparisons.size()) * (1 + launch.options.run.repetitions));
  for (const Comparison& comparison : comparisons) {
    auto point = measure_comparison(launch, comparison);
    if (point) report.points.push_back(std::move(*point));
  }
  if (launch.root()) {
    report.verdicts_passed = all_passed(report.points);
    report.table = table_text(report, columns);
  }
  launch.progress.clear();
  launch.reports.push_back(std::move(report));
}

}  // namespace tpscale
