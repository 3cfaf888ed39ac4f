#include "bench/trial/base_test.h"

#include <memory>

#include "bench/trial/agreement.h"
#include "bench/trial/dry_run.h"
#include "bench/trial/identity.h"
#include "bench/trial/measure_point.h"
#include "bench/trial/verdict_lines.h"

namespace tpscale {
namespace {

const char* const kHowTimed =
    " A repetition serves all requests from the first one in to the last token out, greedily, with caches "
    "emptied before it; it is timed by the host's steady clock after a device synchronise between barriers, "
    "on "
    "every rank, after one warm-up.";

std::vector<PointPlan> plan_points(const Launch& launch, const BaseTest& test) {
  const auto workload = std::make_shared<const Workload>(
      make_workload(launch.options.workload, launch.source.config().vocab_size));
  std::vector<PointPlan> plans;
  for (const std::int64_t degree : launch.options.run.tp) {
    PointPlan& plan = plans.emplace_back();
    plan.experiment = test.name;
    plan.method = test.method + kHowTimed;
    plan.degree = static_cast<int>(degree);
    plan.workload = workload;
    plan.parameters = identity(launch, test.name, *workload, plan.degree);
    test.extend(plan);
  }
  return plans;
}

/// "throughput, model tiny, f32, threads a rank 1; fixed: requests 8, input tokens 1024, output tokens 256".
std::string title_of(const Point& point, const PointPlan& plan) {
  const auto text = [&](const std::string& wanted) -> std::string {
    for (const auto& [name, value] : point.parameters) {
      if (name != wanted) continue;
      if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
      if (const auto* text_value = std::get_if<std::string>(&value)) return *text_value;
    }
    return "?";
  };
  const Workload& workload = *plan.workload;
  return point.test_name + ", model " + text("model") + ", " + text("dtype") + ", threads a rank " +
         text("threads") + "; " + workload.name + ": requests " + std::to_string(workload.requests.size()) +
         ", input tokens " + std::to_string(workload.input_tokens) + ", output tokens " +
         std::to_string(workload.output_tokens);
}

}  // namespace

void set_fixed_sizes(LaunchOptions& options, const Sizing& sizing, const FixedSizes& plan,
                     const FixedSizes& on_cpu, const FixedSizes& smoke) {
  const bool as_planned = sizing.profile == "full" || (sizing.profile == "default" && !sizing.cpu);
  const FixedSizes& sizes = as_planned ? plan : sizing.profile == "smoke" ? smoke : on_cpu;
  options.workload.num_sequences = sizes.sequences;
  options.workload.input_tokens = sizes.input_tokens;
  options.workload.output_tokens = sizes.output_tokens;
}

void run_base_test(Launch& launch, const BaseTest& test) {
  std::vector<PointPlan> plans;
  together(launch.world, [&] { plans = plan_points(launch, test); });
  if (launch.options.run.dry_run) return print_dry_run(launch, plans);
  ExperimentReport report;
  report.name = test.name;
  std::optional<BaseReference> base;
  launch.progress.start(static_cast<std::int64_t>(plans.size()) * expected_units(launch.options));
  for (const PointPlan& plan : plans) {
    auto point = measure_point(launch, plan, base);
    if (point) report.points.push_back(std::move(*point));
  }
  if (launch.root()) {
    report.verdicts_passed = all_passed(report.points);
    report.table = point_table(title_of(report.points.front(), plans.front()), report.points, test.columns);
  }
  launch.progress.clear();
  launch.reports.push_back(std::move(report));
}

}  // namespace tpscale
