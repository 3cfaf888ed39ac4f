#include "bench/trial/dry_run.h"

#include <algorithm>

#include "bench/print/number.h"
#include "bench/print/table.h"
#include "engine/engine.h"
#include "parallel/shard_plan.h"

namespace tpscale {
namespace {

Metric planned(std::string name, std::string unit, std::int64_t value) {
  Metric metric;
  metric.name = std::move(name);
  metric.unit = std::move(unit);
  metric.value = metric.low = metric.high = static_cast<double>(value);
  metric.how_obtained = "planned, not measured";
  return metric;
}

}  // namespace

void print_dry_run(Launch& launch, const std::vector<PointPlan>& plans) {
  ExperimentReport report;
  report.name = plans.front().experiment;
  Table table({{"point", "", true},
               {"tp", "ranks"},
               {"sequences", ""},
               {"input", "tokens"},
               {"output", "tokens"},
               {"weights", "a rank"},
               {"KV cache", "a rank"},
               {"activations", "a rank"}});
  for (const PointPlan& plan : plans) {
    const ModelConfig& config = launch.source.config();
    const EngineSizes sizes = plan_sizes(config, plan_shard(config, std::max(plan.degree, plan.shard_of), 0),
                                         launch.options.engine, plan.workload->requests);
    Point point;
    point.test_name = plan.experiment;
    point.parameters = plan.parameters;
    point.status = "planned";
    point.results = {
        planned("weights", "B", static_cast<std::int64_t>(sizes.weight_bytes)),
        planned("kv_cache", "B", static_cast<std::int64_t>(sizes.kv_bytes)),
        planned("activations", "B", static_cast<std::int64_t>(sizes.activation_bytes)),
        planned("sequences", "1", static_cast<std::int64_t>(plan.workload->requests.size())),
        planned("input_tokens", "1", plan.workload->input_tokens),
        planned("output_tokens", "1", plan.workload->output_tokens),
    };
    table.add_row(
        {point_id(point), std::to_string(plan.degree), std::to_string(plan.workload->requests.size()),
         std::to_string(plan.workload->input_tokens), std::to_string(plan.workload->output_tokens),
         bytes_text(static_cast<double>(sizes.weight_bytes)), bytes_text(static_cast<double>(sizes.kv_bytes)),
         bytes_text(static_cast<double>(sizes.activation_bytes))});
    report.points.push_back(std::move(point));
  }
  report.table = report.name + ": " + std::to_string(plans.size()) +
                 " points (dry run, nothing is measured)\n" + table.text();
  launch.reports.push_back(std::move(report));
}

}  // namespace tpscale
