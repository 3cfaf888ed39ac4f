#pragma once
#include <cstdint>
#include <vector>

#include "engine/sequence.h"

namespace tpscale {

/// A sequence's part of one step: its next `num_tokens` tokens.
struct ScheduledSequence {
  Sequence* sequence = nullptr;
  std::int64_t num_tokens = 0;
  bool prefill = false;
  /// The step computes its last token, so that the next one is known after it.
  bool samples() const noexcept { return num_tokens == sequence->num_to_compute(); }
};

/// What one forward pass computes, in the order of the batch.
struct StepPlan {
  std::vector<ScheduledSequence> items;
  std::int64_t prefill_tokens = 0;  ///< prompt tokens, or tokens computed again after a preemption
  std::int64_t decode_tokens = 0;

  std::int64_t num_tokens() const noexcept { return prefill_tokens + decode_tokens; }
  bool empty() const noexcept { return items.empty(); }
  void clear() noexcept {
    items.clear();
    prefill_tokens = decode_tokens = 0;
  }
  void add(Sequence& sequence, std::int64_t num_tokens) {
    const bool prefill = sequence.prefilling();
    items.push_back({&sequence, num_tokens, prefill});
    (prefill ? prefill_tokens : decode_tokens) += num_tokens;
  }
};

}  // namespace tpscale
