#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "engine/engine.h"

namespace tpscale {

/// A step of a planned run.
struct PlannedStep {
  std::int64_t prefill_tokens = 0, decode_tokens = 0;
  std::int64_t kv_blocks_used = 0, kv_slots_used = 0;  ///< as in StepRecord
  /// Slots of blocks in use that hold no token, summed sequence by sequence; what sequences share counts once
  /// for each.
  std::int64_t kv_slots_wasted = 0;
};

/// What an engine will do with requests that are all there from the start, without a model: the same
/// scheduler and block manager, no token computed. Generated tokens are unknown and equal no other, so a
/// prompt that repeats what another request generates finds less here than in a run.
struct PlannedRun {
  std::vector<std::int64_t> cached_prompt_tokens;  ///< of each request
  std::vector<PlannedStep> steps;
  std::int64_t prompt_tokens_cached = 0;
  std::int64_t preemptions = 0;
};
/// Throws what plan_sizes and validate throw.
PlannedRun plan_run(const ModelConfig& config, const EngineOptions& options, const EngineSizes& sizes,
                    std::span<const Request> requests);

/// The slots of a KV pool that hold every request at its final length (the last token of a sequence is never
/// stored), each in whole pieces: of a block, or of the longest sequence.
struct KvSlots {
  std::int64_t pieces = 0;
  std::int64_t reserved = 0;
  std::int64_t used = 0;
  double utilisation() const noexcept { return static_cast<double>(used) / static_cast<double>(reserved); }
};
KvSlots kv_slots_at_final_length(std::span<const Request> requests, std::int64_t slots_of_a_piece);

}  // namespace tpscale
