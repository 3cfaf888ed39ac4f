#include "engine/plan_run.h"

#include <algorithm>

#include "engine/engine_parts.h"
#include "engine/make_sequence.h"
#include "engine/request_check.h"
#include "engine/scheduler.h"

namespace tpscale {
namespace {

/// Room beyond what the sequences have in the cache after a step of so many tokens.
std::int64_t empty_slots(std::span<const Sequence> sequences, std::int64_t block_size,
                         std::int64_t step_tokens) {
  std::int64_t empty = -step_tokens;
  for (const Sequence& sequence : sequences) {
    const auto held = static_cast<std::int64_t>(sequence.blocks.blocks.size());
    if (held > 0) empty += held * block_size - sequence.num_computed;
  }
  return empty;
}

}  // namespace

PlannedRun plan_run(const ModelConfig& config, const EngineOptions& options, const EngineSizes& sizes,
                    std::span<const Request> requests) {
  validate(options);
  check_requests(requests, config.vocab_size, sizes);
  BlockManager blocks(sizes.num_kv_blocks, sizes.block_size, block_policy(options, sizes));
  const SchedulerLimits limits = scheduler_limits(options, sizes);
  std::vector<Sequence> sequences;
  sequences.reserve(requests.size());
  const auto scheduler =
      make_scheduler(options.scheduler, blocks, limits, static_cast<std::int64_t>(requests.size()));
  for (const Request& request : requests) {
    sequences.push_back(make_sequence(config, request, static_cast<std::int64_t>(sequences.size()), blocks));
    scheduler->add(sequences.back());
  }
  PlannedRun planned;
  std::vector<Sequence*> sampled;
  std::int32_t unlike_any_other = Sequence::kUnknownToken;
  while (!scheduler->idle()) {
    const StepPlan& step = scheduler->schedule();
    planned.steps.push_back({step.prefill_tokens, step.decode_tokens,
                             blocks.usable_blocks() - blocks.free_blocks(), scheduler->stored_tokens(),
                             empty_slots(sequences, blocks.block_size(), step.num_tokens())});
    scheduler->advance(sampled);
    for (Sequence* sequence : sampled) sequence->learn_token(--unlike_any_other);
  }
  for (const Sequence& sequence : sequences)
    planned.cached_prompt_tokens.push_back(sequence.cached_prompt_tokens);
  planned.prompt_tokens_cached = scheduler->counts().prompt_tokens_cached;
  planned.preemptions = scheduler->counts().preemptions;
  return planned;
}

KvSlots kv_slots_at_final_length(std::span<const Request> requests, std::int64_t slots_of_a_piece) {
  KvSlots slots;
  for (const Request& request : requests) {
    const std::int64_t stored = static_cast<std::int64_t>(request.prompt.size()) + request.max_new_tokens - 1;
    slots.pieces += blocks_for(stored, slots_of_a_piece);
    slots.used += stored;
  }
  slots.reserved = slots.pieces * slots_of_a_piece;
  return slots;
}

}  // namespace tpscale
