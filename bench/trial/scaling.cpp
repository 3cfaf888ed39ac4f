#include "bench/trial/scaling.h"

#include <algorithm>
#include <memory>

#include "bench/trial/agreement.h"
#include "bench/trial/dry_run.h"
#include "bench/trial/identity.h"
#include "bench/trial/measure_point.h"
#include "bench/trial/model_session.h"
#include "bench/trial/scaling_table.h"
#include "bench/trial/verdict_lines.h"
#include "bench/workload/workload.h"

namespace tpscale {
namespace {

std::string experiment_name(ScalingKind kind) {
  return kind == ScalingKind::kStrong ? "strong-scaling" : "weak-scaling";
}

std::shared_ptr<const Workload> workload_of(const Launch& launch, ScalingKind kind, int degree) {
  WorkloadOptions options = launch.options.workload;
  if (kind == ScalingKind::kWeak) options.num_sequences = launch.options.run.sequences_per_rank * degree;
  return std::make_shared<const Workload>(make_workload(options, launch.source.config().vocab_size));
}

std::string method_text(ScalingKind kind) {
  return std::string(kind == ScalingKind::kStrong ? "The same requests" : "As many requests a rank") +
         " are served at every tensor-parallel degree by the first ranks of one launch, the others asleep, "
         "degrees one "
         "after another and the smallest again at the end. A repetition serves all requests from the first "
         "one in to the "
         "last token out, greedily, with caches emptied before it; it is timed by the host's steady clock "
         "after a device "
         "synchronise between barriers, on every rank, after one warm-up. The step-time breakdown comes from "
         "separate "
         "repetitions with a synchronise and a clock around each op and collective; the device's peaks are "
         "measured in "
         "the same launch by the same ranks at once.";
}

std::vector<PointPlan> plan_points(const Launch& launch, ScalingKind kind) {
  std::vector<int> degrees(launch.options.run.tp.begin(), launch.options.run.tp.end());
  std::vector<PointPlan> plans;
  const auto add = [&](int degree, bool repeat) {
    PointPlan plan;
    plan.experiment = experiment_name(kind);
    plan.method = method_text(kind);
    plan.degree = degree;
    plan.workload = workload_of(launch, kind, degree);
    plan.parameters = identity(launch, plan.experiment, *plan.workload, degree);
    plan.parameters.emplace_back("base_repeat", repeat);
    plans.push_back(std::move(plan));
  };
  for (const int degree : degrees) add(degree, false);
  if (degrees.size() > 1) add(degrees.front(), true);
  return plans;
}

}  // namespace

void set_scaling_defaults(LaunchOptions& options, const Sizing& sizing) {
  const bool plan = sizing.profile == "full" || (sizing.profile == "default" && !sizing.cpu);
  const bool smoke = sizing.profile == "smoke";
  options.workload.num_sequences = plan ? 256 : smoke ? 4 : 8;
  options.workload.input_tokens = plan ? 512 : smoke ? 64 : 128;
  options.workload.output_tokens = plan ? 512 : smoke ? 16 : 32;
  options.run.sequences_per_rank = plan ? 32 : smoke ? 4 : 8;
}

void run_scaling(Launch& launch, ScalingKind kind) {
  std::vector<PointPlan> plans;
  together(launch.world, [&] { plans = plan_points(launch, kind); });
  if (launch.options.run.dry_run) return print_dry_run(launch, plans);
  ExperimentReport report;
  report.name = experiment_name(kind);
  std::optional<BaseReference> base;
  launch.progress.start(static_cast<std::int64_t>(plans.size()) * expected_units(launch.options));
  for (const PointPlan& plan : plans) {
    auto point = measure_point(launch, plan, base);
    if (point) report.points.push_back(std::move(*point));
  }
  if (launch.root()) {
    report.verdicts_passed = all_passed(report.points);
    report.table = scaling_table(kind, report.points);
  }
  launch.progress.clear();
  launch.reports.push_back(std::move(report));
}

}  // namespace tpscale
