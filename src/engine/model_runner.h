#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "engine/step_inputs.h"
#include "kv/kv_cache.h"
#include "model/execution.h"
#include "model/transformer.h"

namespace tpscale {

/// Runs the model over the steps the scheduler planned: inputs in, token ids out. Allocates nothing after its
/// construction.
class ModelRunner {
 public:
  ModelRunner(Backend& backend, Transformer& transformer, KvCache& cache, const StepLimits& limits);

  /// Writes and enqueues the inputs of `plan`: host work.
  void prepare(const StepPlan& plan);
  /// Runs the step prepared last and waits for the next token of every sequence that samples, in the plan's
  /// order.
  std::span<const std::int32_t> next_tokens(const Execution& execution);
  /// Runs the step prepared last up to its hidden states [num_tokens, hidden].
  TensorView hidden_states(const Execution& execution);

  const StepShape& shape() const noexcept { return inputs_.shape(); }
  const StepShape& prefill_shape() const noexcept { return inputs_.prefill_shape(); }

 private:
  Backend& backend_;
  Transformer& transformer_;
  KvCache& cache_;
  StepInputs inputs_;
  BatchView batch_;
  Buffer device_ids_;                   ///< [max_sequences]
  std::vector<std::int32_t> host_ids_;  ///< [max_sequences]
};

}  // namespace tpscale
