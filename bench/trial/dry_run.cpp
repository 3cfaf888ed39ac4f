#include "bench/trial/dry_run.h"

#include <algorithm>

#include "bench/print/number.h"
#include "bench/print/table.h"
#include "engine/engine.h"
#include "parallel/shard_plan.h"

namespace tpscale {

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
