#pragma once
#include <cstdint>
#include <vector>

#include "backend/backend.h"
#include "backend/batch_view.h"
#include "engine/step_plan.h"
#include "model/cost.h"
#include "model/transformer.h"

namespace tpscale {

/// The most that a step can hold.
struct StepLimits {
  std::int64_t max_tokens = 0;
  std::int64_t max_sequences = 0;
  std::int64_t max_blocks = 0;  ///< of a sequence
  std::int64_t block_size = 0;
};

/// A BatchView's arrays: written on the host, then copied into device buffers of fixed address. Everything is
/// allocated once, for the largest step.
class StepInputs {
 public:
  StepInputs(Backend& backend, const StepLimits& limits);

  /// Writes the inputs of `plan` and enqueues their copies.
  const BatchView& prepare(const StepPlan& plan, Transformer& transformer);
  /// Of the step prepared last.
  const StepShape& shape() const noexcept { return shape_; }
  const StepShape& prefill_shape() const noexcept { return prefill_shape_; }

 private:
  /// One array of the batch on both sides.
  struct Array {
    Array(Backend& backend, std::int64_t capacity);
    void upload(Backend& backend, std::int64_t count) const;
    const std::int32_t* device() const noexcept { return memory.as<const std::int32_t>(); }
    std::vector<std::int32_t> host;
    Buffer memory;
  };
  void write_sequence(const ScheduledSequence& item, std::int64_t row, std::int64_t first_token);

  Backend& backend_;
  StepLimits limits_;
  Array token_ids_, rope_rows_, slot_mapping_;  // [max_tokens]
  Array cu_seqlens_q_, context_lens_, block_tables_,
      logits_rows_;                                     // [max_sequences (+ 1)], tables [.., max_blocks]
  std::vector<std::int32_t> positions_, rope_lengths_;  // [max_tokens], for the rotary rows
  BatchView batch_;
  StepShape shape_, prefill_shape_;
};

}  // namespace tpscale
