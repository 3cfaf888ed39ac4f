#include "bench/trial/comparison.h"
#include "bench/trial/dry_run.h"
#include "bench/trial/verdict_lines.h"

namespace tpscale {

void run_comparisons(Launch& launch, const std::string& experiment,
                     const std::function<std::vector<Comparison>()>& plan,
                     std::span<const ComparisonColumn> columns) {
  run_comparisons(launch, experiment, plan,
                  [&](std::span<const Point> points) { return point_table(experiment, points, columns); });
}

void run_comparisons(Launch& launch, const std::string& experiment,
                     const std::function<std::vector<Comparison>()>& plan,
                     const std::function<std::string(std::span<const Point>)>& table) {
  std::vector<Comparison> comparisons;
  together(launch.world, [&] { comparisons = plan(); });
  if (launch.options.run.dry_run) {
    std::vector<PointPlan> plans;
    plans.reserve(comparisons.size());
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
    report.table = table(report.points);
  }
  launch.progress.clear();
  launch.reports.push_back(std::move(report));
}

}  // namespace tpscale
