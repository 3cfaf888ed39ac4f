#pragma once
#include <span>
#include <vector>

#include "bench/store/point.h"
#include "bench/trial/launch.h"
#include "bench/trial/point_facts.h"
#include "bench/trial/rank_group.h"
#include "engine/engine.h"

namespace tpscale {

/// Makes the two large parts of an engine that serves `requests` one after the other, by themselves, and
/// frees them again: bytes at each stage ("memory_before_model", "memory_after_weights",
/// "memory_after_kv_cache") on every rank by the suite's own allocator, and by the device's own view
/// ("memory_after_weights_view"; "memory_after_weights_other" is what the allocator holds for neither). Phase
/// "memory", one row, a column a rank. Empty where they do not fit, which the engine's own planning then
/// says. Collective over the group; errors are the same on all its ranks.
std::vector<Samples> measure_memory_stages(Launch& launch, RankGroup& group,
                                           std::span<const Request> requests);

/// Weights and KV pool have the sizes that follow from the model's shape, on every rank, in the engine and by
/// what each stage added: the pool exactly, the weights exactly or up to "memory_weights_rounding" above,
/// which is what panels of 64 rows a linear layer could add.
Verdict judge_memory_sizes(const PointFacts& facts);
/// The peak is no less than what is held when it is read, and no more than 1.15 times that.
Verdict judge_memory_peak(const PointFacts& facts);

/// The stages as figures, and of each predicted component its predicted size and the difference in per cent.
/// On the rank that has most.
void add_memory_stage_figures(Point& point, const PointFacts& facts);

}  // namespace tpscale
