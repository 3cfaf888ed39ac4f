#pragma once
#include <cstdint>
#include <memory>
#include <span>

#include "backend/backend.h"
#include "core/tensor_view.h"
#include "model/config.h"
#include "model/execution.h"
#include "model/model_source.h"
#include "model/shard.h"

namespace tpscale {

/// One layer's keys and values in a forward pass, where layers hold different tokens of a sequence.
struct LayerCache {
  KvLayerView kv;
  BatchView batch;  ///< the step, with this layer's slots, context lengths and block tables
  /// Where set, keys are cached unrotated, the step has one sequence, and this is room for as many rotated
  /// keys as kv has: see Ops::rotate_keys. Layers may share it.
  void* rotated_keys = nullptr;
};

/// The caches of a pass, a layer each: the same places in all of them, or each with places of its own.
class LayerCaches {
 public:
  LayerCaches(std::span<const KvLayerView> alike)
      : alike_(alike) {}                                       // NOLINT: the usual case reads as it did
  LayerCaches(std::span<const LayerCache> own) : own_(own) {}  // NOLINT
  std::size_t size() const noexcept { return own_.empty() ? alike_.size() : own_.size(); }
  const KvLayerView& kv(std::size_t layer) const { return own_.empty() ? alike_[layer] : own_[layer].kv; }
  /// nullptr: the layer is as the step says.
  const LayerCache* own(std::size_t layer) const { return own_.empty() ? nullptr : &own_[layer]; }

 private:
  std::span<const KvLayerView> alike_;
  std::span<const LayerCache> own_;
};

/// One rank's share of a decoder-only transformer: weights and activation buffers, no state between steps.
/// Communication of a forward pass: 1 all-reduce after the vocabulary-parallel embedding, 2 a layer (after
/// the row-parallel output and down projections; 1 where the residual is parallel), 1 all-gather of the
/// vocabulary-split logits: 2L+1 (L+1) and 1.
class Transformer {
 public:
  /// Reads this rank's weights. `max_tokens`: most tokens of one step; `max_logits`: most logits rows;
  /// `max_positions`: rows of the rotary table (the longest sequence).
  Transformer(Backend& backend, const ModelSource& source, const ModelShard& shard, Dtype compute_dtype,
              std::int64_t max_tokens, std::int64_t max_logits, std::int64_t max_positions);
  /// On the weights of another: buffers of its own for steps of other sizes.
  Transformer(const Transformer& other, std::int64_t max_tokens, std::int64_t max_logits,
              std::int64_t max_positions);
  ~Transformer();
  Transformer(const Transformer&) = delete;
  Transformer& operator=(const Transformer&) = delete;

  /// Moves the buffers that collectives send (residual, partial sums, logits) into the communicator's own
  /// memory where it has such. Collective; while no step is under way. They go before the communicator does.
  void take_message_memory(Communicator& comm);

  /// Lets the device find out how it best computes every linear layer with so many rows (`logits`: the head).
  /// Takes time; before a measurement, and before a step of this size is recorded.
  void tune(std::int64_t rows, std::int64_t logits);

  const ModelConfig& config() const noexcept;
  const ModelShard& shard() const noexcept;
  Dtype dtype() const noexcept;

  /// Rotary rows for the tokens of a step. positions[t] is a token's place in its sequence, sequence_lens[t]
  /// the length of that sequence after the step; the result for static scalings is the position. `dynamic`
  /// scaling writes rows for sequences longer than max_position_embeddings into a region of the table kept
  /// for the step.
  void rope_rows(std::span<const std::int32_t> positions, std::span<const std::int32_t> sequence_lens,
                 std::span<std::int32_t> rows);

  /// Hidden states after the last norm, [num_tokens, hidden]; valid until the next call.
  TensorView forward(const Execution& execution, const BatchView& batch, const LayerCaches& caches);

  /// Logits of rows of hidden states, gathered: [tp_size * rows.rows, shard.vocab_size], rank-major, in the
  /// compute dtype; the same bits on every rank. Columns from config.vocab_size on are padding. Valid until
  /// the next call.
  TensorView logits(const Execution& execution, ConstTensorView hidden_rows);

  /// forward(), gather of batch.logits_rows, logits() and argmax: next_ids [num_logits] in device memory.
  void next_tokens(const Execution& execution, const BatchView& batch, const LayerCaches& caches,
                   std::int32_t* next_ids);

 private:
  struct Parts;
  struct Pass;
  std::unique_ptr<Parts> parts_;
};

}  // namespace tpscale
