#pragma once
#include "model/config.h"
#include "model/shard.h"

namespace tpscale {

/// The part of `config` that rank `tp_rank` of `tp_size` owns. The only place that divides a model.
/// q/k/v/gate/up by output rows, o/down by input columns, embedding and head by vocabulary rows (padded to a
/// multiple of tp_size). KV heads are replicated when there are fewer than ranks. Throws UsageError that
/// names the rule: heads % tp, intermediate_size % tp, KV heads and tp must divide one another.
ModelShard plan_shard(const ModelConfig& config, int tp_size, int tp_rank);

}  // namespace tpscale
