#include "bench/trial/scaling.h"

#include <algorithm>
#include <memory>

#include "bench/cli/option_table.h"
#include "bench/trial/agreement.h"
#include "bench/trial/dry_run.h"
#include "bench/trial/measure_point.h"
#include "bench/trial/model_session.h"
#include "bench/trial/scaling_table.h"
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

template <class Options>
void append_values(Values& to, const Options& options) {
  for (auto& value : to_values(options)) to.push_back(std::move(value));
}

/// The identity of a point: everything that a figure may depend on but the machine and the number of ranks
/// launched.
Values identity(const Launch& launch, ScalingKind kind, const Workload& workload, int degree, bool repeat) {
  const LaunchOptions& options = launch.options;
  Values values{{"experiment", experiment_name(kind)},
                {"model", launch.source.config().name},
                {"weights_hash", launch.source.weights_hash()},
                {"weights_seed", static_cast<std::int64_t>(options.model.weights_seed)},
                {"tp", static_cast<std::int64_t>(degree)},
                {"base_repeat", repeat},
                {"backend", launch.setup.backend}};
  EngineOptions engine = options.engine;
  engine.dtype = to_string(compute_dtype(launch.source.config(), engine));
  append_values(values, engine);
  append_values(values, launch.setup.options);
  for (auto& value : to_values(options.parallel)) {
    if (value.first != "watchdog") values.push_back(std::move(value));  // ends a run, changes no figure
  }
  for (auto& value : to_values(options.workload)) {
    // a file is known by what was read from it, the number of sequences by what came of it
    if (value.first != "text" && value.first != "token_ids" && value.first != "trace" &&
        value.first != "num_sequences") {
      values.push_back(std::move(value));
    }
  }
  values.emplace_back("num_sequences", static_cast<std::int64_t>(workload.requests.size()));
  values.emplace_back("workload_hash", workload.hash);
  return values;
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
    plan.parameters = identity(launch, kind, *plan.workload, degree, repeat);
    plans.push_back(std::move(plan));
  };
  for (const int degree : degrees) add(degree, false);
  if (degrees.size() > 1) add(degrees.front(), true);
  return plans;
}

}  // namespace

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
    for (const Point& point : report.points) {
      for (const Verdict& verdict : point.verdicts)
        report.verdicts_passed = report.verdicts_passed && verdict.passed;
    }
    report.table = scaling_table(kind, report.points);
  }
  launch.progress.clear();
  launch.reports.push_back(std::move(report));
}

}  // namespace tpscale
