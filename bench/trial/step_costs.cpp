#include "bench/trial/step_costs.h"

#include <algorithm>

#include "model/cost.h"
#include "parallel/shard_plan.h"

namespace tpscale {
namespace {

double prefill_share(const StepRecord& step) {
  if (step.decode_tokens == 0) return 1.0;
  return step.prefill_tokens == 0 ? 0.0 : step.prefill_flops_share;
}

}  // namespace

RunCost run_cost(const ModelConfig& config, Dtype dtype, int degree, const RunResult& result) {
  RunCost cost;
  for (int rank = 0; rank < degree; ++rank) {
    const ModelShard shard = plan_shard(config, degree, rank);
    double& flops = cost.prefill_flops.emplace_back(0.0);
    double& bytes = cost.decode_bytes.emplace_back(0.0);
    for (const StepRecord& step : result.steps) {
      const StepCost one = step_cost(config, shard, dtype, step.shape);
      const double share = prefill_share(step);
      flops += share * one.flops();
      bytes += (1.0 - share) * one.bytes();
      if (rank == 0) {
        cost.all_reduce_bytes += one.all_reduce_bytes;
        cost.all_gather_bytes += one.all_gather_bytes;
      }
    }
  }
  for (const StepRecord& step : result.steps) {
    cost.decode_tokens += step.decode_tokens;
    cost.largest_prefill_step = std::max(cost.largest_prefill_step, step.prefill_tokens);
    cost.largest_decode_step = std::max(cost.largest_decode_step, step.decode_tokens);
  }
  cost.prefill_tokens = result.prompt_tokens_computed;
  for (const auto& request : result.requests)
    cost.output_tokens += static_cast<std::int64_t>(request.tokens.size());
  return cost;
}

}  // namespace tpscale
