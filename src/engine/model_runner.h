#pragma once
#include <array>
#include <cstdint>
#include <memory>

#include "engine/decode_graphs.h"
#include "engine/step_inputs.h"
#include "kv/kv_cache.h"
#include "model/execution.h"
#include "model/transformer.h"

namespace tpscale {

/// Runs the model over the steps the scheduler planned: inputs in, token ids out. Enqueues and does not wait:
/// a step may be prepared and enqueued while the one before it runs, its unknown tokens taken on the device
/// from what that one chooses. Allocates nothing after its construction and the capture of graphs.
class ModelRunner {
 public:
  ModelRunner(Backend& backend, Transformer& transformer, KvCache& cache, const StepLimits& limits);

  /// Records decode steps over `execution` as graphs. Collective; does nothing the second time.
  void capture(const Execution& execution);
  const GraphFacts& graph_facts() const noexcept { return graphs_.facts(); }

  /// Writes the inputs of `plan`: host work. `graphs`: a decode step is to run as a graph where one was
  /// captured for so many sequences.
  void prepare(const StepPlan& plan, bool graphs);
  bool prepared_graph() const noexcept { return bucket_ > 0; }
  /// Enqueues the step prepared last and returns the copy of the tokens it chooses (int32, one for every
  /// sequence that samples, in the plan's order) that is then under way; good until the next step but one.
  HostFetch& enqueue(const Execution& execution);
  /// Runs the step prepared last up to its hidden states [num_tokens, hidden].
  TensorView hidden_states(const Execution& execution);

  void displace_after_prefix_hit(std::int64_t positions) noexcept {
    inputs_.displace_after_prefix_hit(positions);
  }

  const StepShape& shape() const noexcept { return inputs_.shape(); }
  const StepShape& prefill_shape() const noexcept { return inputs_.prefill_shape(); }

 private:
  /// `sources`: of the batch's tokens; nullptr: the host knew them all.
  void run(const Execution& execution, const BatchView& batch, const std::int32_t* sources);

  Backend& backend_;
  Transformer& transformer_;
  KvCache& cache_;
  StepInputs inputs_;
  Buffer chosen_;                                      ///< [max_sequences] token ids of the latest step
  std::array<std::unique_ptr<HostFetch>, 2> fetches_;  ///< of this step and of the one before
  std::size_t turn_ = 0;
  DecodeGraphs graphs_;
  std::int64_t bucket_ = 0;  ///< graph of the step prepared last; 0: none
};

}  // namespace tpscale
