#pragma once
#include <cstdint>
#include <vector>

#include "backend/backend.h"
#include "backend/batch_view.h"
#include "engine/step_layout.h"
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
  std::int64_t max_model_len = 0;
};

/// A BatchView's arrays: written on the host, then copied into device memory at places that depend on the
/// step's shape alone. Everything is allocated once, for the largest step. The next step may be written while
/// the device still works on this one: the copies stand in stream order.
class StepInputs {
 public:
  StepInputs(Backend& backend, const StepLimits& limits);

  /// Writes the inputs of `plan` on the host. `padded`: rows of a decode step that are filled with padding
  /// beyond the plan's sequences; 0: the batch is the plan's. Bounds of a padded batch are those of the
  /// engine, so that they are the same in every step of its size.
  void write(const StepPlan& plan, Transformer& transformer, std::int64_t padded = 0);
  /// A decode step of `rows` sequences that are all padding.
  void write_padding(std::int64_t rows);
  /// Enqueues the copy of what was written.
  void upload();

  /// See Engine.
  void displace_after_prefix_hit(std::int64_t positions) noexcept { displaced_ = positions; }

  const BatchView& batch() const noexcept { return batch_; }  ///< of the step written last
  /// For Ops::feed_tokens: the batch's token ids, and where they come from. Token ids begin at the same place
  /// in every step.
  std::int32_t* token_ids() const noexcept { return memory_.as<std::int32_t>(); }
  const std::int32_t* sources() const noexcept { return sources_; }
  bool fed() const noexcept { return fed_; }  ///< some token of the plan comes from the step before
  /// Of the plan written last, without padding.
  const StepShape& shape() const noexcept { return shape_; }
  const StepShape& prefill_shape() const noexcept { return prefill_shape_; }

 private:
  void begin(std::int64_t tokens, std::int64_t sequences, std::int64_t logits);
  void write_sequence(const ScheduledSequence& item, std::int64_t row, std::int64_t first_token);
  void pad_row(std::int64_t row);

  Backend& backend_;
  StepLimits limits_;
  std::vector<std::int32_t> host_;
  Buffer memory_;
  StepLayout layout_;                                   ///< of the step written last
  std::vector<std::int32_t> positions_, rope_lengths_;  ///< [max_tokens], for the rotary rows
  BatchView batch_;
  const std::int32_t* sources_ = nullptr;
  bool fed_ = false;
  std::int64_t displaced_ = 0;
  StepShape shape_, prefill_shape_;
};

}  // namespace tpscale
