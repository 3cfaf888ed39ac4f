#include "model/transformer.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/check.h"
#include "model/rotary_table.h"
#include "model/weights.h"

namespace tpscale {
namespace {

/// Activation buffers, made once and used by every layer. T tokens, H hidden, S logits rows.
/// The MLP's and the attention's inner tensors are never needed at the same time and share their memory.
struct Activations {
  Activations(Backend& backend, Dtype dtype, const ModelConfig& config, const ModelShard& shard,
              const HeadLayout& heads, std::int64_t max_tokens, std::int64_t max_logits) {
    const std::int64_t hidden = max_tokens * config.hidden_size;
    const std::int64_t q = max_tokens * heads.q_cols(), qkv = max_tokens * heads.qkv_cols();
    const std::int64_t inner_size = max_tokens * shard.intermediate_size;
    const auto allocate = [&](std::int64_t elements) {
      return backend.allocate(static_cast<std::size_t>(elements) * size_of(dtype), MemoryKind::kActivations);
    };
    residual = allocate(hidden);
    normed = allocate(hidden);
    partial = allocate(hidden);
    wide = allocate(std::max(qkv, (config.gated_mlp() ? 2 : 1) * inner_size));
    inner = allocate(std::max(q, inner_size));
    picked = allocate(max_logits * config.hidden_size);
    logits = allocate(shard.tp_size * max_logits * shard.vocab_size);
  }

  Buffer residual;  ///< [T, H] residual stream
  Buffer normed;    ///< [T, H] its norm, which the projections read, or its successor: see ResidualStream
  Buffer partial;   ///< [T, H] output of a row-parallel projection, summed over the ranks in place
  Buffer wide;      ///< [T, qkv] or [T, 2I], [T, I] where nothing is gated
  Buffer inner;     ///< [T, q] attention output or [T, I] MLP activation
  Buffer picked;    ///< [S, H] rows whose logits are wanted
  Buffer logits;    ///< [tp * S, vocabulary shard], rank-major
};

void sum_over_ranks(Backend& backend, Communicator& comm, TensorView data) {
  const Range range(backend, "all_reduce");
  comm.all_reduce_sum(data);
}

}  // namespace

struct Transformer::Parts {
  Parts(Backend& device, const ModelSource& source, const ModelShard& part, Dtype compute_dtype,
        std::int64_t tokens_limit, std::int64_t logits_limit, std::int64_t max_positions)
      : backend(device),
        config(source.config()),
        shard(part),
        dtype(compute_dtype),
        max_tokens(tokens_limit),
        max_logits(logits_limit),
        heads{part.num_heads, part.num_kv_heads, config.head_dim},
        weights(std::make_shared<const ModelWeights>(load_weights(device, source, part, compute_dtype))),
        rotary(device, config, max_positions, tokens_limit),
        buffers(device, compute_dtype, config, part, heads, tokens_limit, logits_limit) {}
  Parts(const Parts& other, std::int64_t tokens_limit, std::int64_t logits_limit, std::int64_t max_positions)
      : backend(other.backend),
        config(other.config),
        shard(other.shard),
        dtype(other.dtype),
        max_tokens(tokens_limit),
        max_logits(logits_limit),
        heads(other.heads),
        weights(other.weights),
        rotary(backend, config, max_positions, tokens_limit),
        buffers(backend, dtype, config, shard, heads, tokens_limit, logits_limit) {}

  TensorView view(const Buffer& buffer, std::int64_t rows, std::int64_t cols) const {
    return {buffer.data(), dtype, rows, cols};
  }

  Backend& backend;
  const ModelConfig config;
  const ModelShard shard;
  const Dtype dtype;
  const std::int64_t max_tokens;
  const std::int64_t max_logits;
  const HeadLayout heads;
  std::shared_ptr<const ModelWeights> weights;
  RotaryRows rotary;
  Activations buffers;
};

Transformer::Transformer(Backend& backend, const ModelSource& source, const ModelShard& shard,
                         Dtype compute_dtype, std::int64_t max_tokens, std::int64_t max_logits,
                         std::int64_t max_positions)
    : parts_(std::make_unique<Parts>(backend, source, shard, compute_dtype, max_tokens, max_logits,
                                     max_positions)) {}
Transformer::Transformer(const Transformer& other, std::int64_t max_tokens, std::int64_t max_logits,
                         std::int64_t max_positions)
    : parts_(std::make_unique<Parts>(*other.parts_, max_tokens, max_logits, max_positions)) {}
Transformer::~Transformer() = default;

void Transformer::take_message_memory(Communicator& comm) {
  for (Buffer* buffer : {&parts_->buffers.residual, &parts_->buffers.partial, &parts_->buffers.logits}) {
    if (Buffer own = comm.allocate_messages(buffer->bytes()); own.data() != nullptr) *buffer = std::move(own);
  }
}

void Transformer::tune(std::int64_t rows, std::int64_t logits) {
  const ModelWeights& weights = *parts_->weights;
  const LayerWeights& layer = weights.layers.front();  // all layers have the same shapes
  Ops& ops = parts_->backend.ops();
  for (const auto* linear : {&layer.qkv, &layer.o, &layer.gate_up, &layer.down}) {
    ops.tune_linear(rows, **linear);
  }
  if (logits > 0) ops.tune_linear(logits, weights.head());
}

const ModelConfig& Transformer::config() const noexcept {
  return parts_->config;
}
const ModelShard& Transformer::shard() const noexcept {
  return parts_->shard;
}
Dtype Transformer::dtype() const noexcept {
  return parts_->dtype;
}

void Transformer::rope_rows(std::span<const std::int32_t> positions,
                            std::span<const std::int32_t> sequence_lens, std::span<std::int32_t> rows) {
  parts_->rotary.rows_of(positions, sequence_lens, rows);
}

/// One forward pass through the layers.
struct Transformer::Pass {
  Pass(const Parts& parts, const Execution& execution, const BatchView& step, const LayerCaches& layer_caches)
      : p(parts),
        ops(execution.ops),
        comm(execution.comm),
        batch(step),
        caches(layer_caches),
        epsilon(static_cast<float>(parts.config.norm_epsilon)),
        residual{hidden_view(parts.buffers.residual), hidden_view(parts.buffers.normed)},
        partial(hidden_view(parts.buffers.partial)),
        activated(parts.view(parts.buffers.inner, step.num_tokens, parts.shard.intermediate_size)) {}

  TensorView run() {
    ops.embedding(residual.now, *p.weights->embedding, batch.token_ids, p.shard.first_vocab);
    if (p.weights->positions) ops.add_embedding(residual.now, *p.weights->positions, batch.rope_rows);
    sum_over_ranks(p.backend, comm, residual.now);
    for (std::size_t i = 0; i < p.weights->layers.size(); ++i) {
      const Range range(p.backend, "layer");
      const LayerWeights& layer = p.weights->layers[i];
      attention(layer, i);
      if (!p.config.parallel_residual) {
        sum_over_ranks(p.backend, comm, partial);
        pending = true;
        mlp(layer, partial);
      } else {
        // Nobody reads the norm any more when the MLP's output takes its place.
        mlp(layer, residual.next);
        ops.add(partial, residual.next);
      }
      sum_over_ranks(p.backend, comm, partial);
      pending = true;
    }
    norm(p.weights->final_norm, p.weights->final_norm_bias);
    return residual.next;
  }

 private:
  TensorView hidden_view(const Buffer& buffer) const {
    return p.view(buffer, batch.num_tokens, p.config.hidden_size);
  }
  TensorView wide(std::int64_t cols) const { return p.view(p.buffers.wide, batch.num_tokens, cols); }
  /// The stream's other half has room for what a norm gives: an op needs one of the two.
  PendingNorm norm_of(const float* weight) const { return {partial, weight, epsilon, residual.next}; }

  /// The norm of the stream, with what is still to be added to it, in its other half.
  void norm(const float* weight, const float* bias) {
    if (p.config.norm == NormKind::kLayer) {
      pending ? ops.add_layer_norm(residual.next, residual.now, partial, weight, bias, epsilon)
              : ops.layer_norm(residual.next, residual.now, weight, bias, epsilon);
    } else {
      pending ? ops.add_rms_norm(residual.next, residual.now, partial, weight, epsilon)
              : ops.rms_norm(residual.next, residual.now, weight, epsilon);
    }
    pending = false;
  }

  /// Its output is in `partial`, not yet summed over the ranks.
  void attention(const LayerWeights& layer, std::size_t i) {
    const TensorView qkv = wide(p.heads.qkv_cols());
    const TensorView attended = p.view(p.buffers.inner, batch.num_tokens, p.heads.q_cols());
    if (pending && p.config.norm == NormKind::kRms) {
      ops.add_rms_norm_linear(qkv, residual, norm_of(layer.input_norm), *layer.qkv, layer.qkv_bias);
      pending = false;
    } else {
      norm(layer.input_norm, layer.input_norm_bias);
      ops.linear(qkv, residual.next, *layer.qkv, layer.qkv_bias);
    }
    const float scale = 1.0F / std::sqrt(static_cast<float>(p.config.head_dim));
    const HeadNorms norms{layer.q_norm, layer.k_norm, epsilon};
    const LayerCache* own = caches.own(i);
    const BatchView& seen = own == nullptr ? batch : own->batch;
    KvLayerView kv = caches.kv(i);
    RotaryTable rotary = p.rotary.table();
    rotary.keys = own == nullptr || own->rotated_keys == nullptr;
    ops.rope_and_store_kv(qkv, p.heads, rotary, norms, seen, kv);
    if (!rotary.keys) {
      const CachedTokens cached{kv, seen.block_tables, seen.max_context_len};
      kv.keys = own->rotated_keys;
      ops.rotate_keys(kv, cached, rotary);
    }
    ops.paged_attention(attended, qkv.cols_at(0, p.heads.q_cols()), p.heads, seen, kv, scale,
                        p.config.window_of(static_cast<std::int64_t>(i)));
    ops.linear(partial, attended, *layer.o, layer.o_bias);
  }

  void mlp(const LayerWeights& layer, TensorView out) {
    const std::int64_t inner = p.shard.intermediate_size;
    if (p.config.gated_mlp()) {
      ops.add_rms_norm_linear_silu_and_mul(activated, residual, norm_of(layer.post_norm), *layer.gate_up,
                                           layer.gate_up_bias, wide(2 * inner));
      pending = false;
    } else {
      norm(layer.post_norm, layer.post_norm_bias);
      ops.linear(wide(inner), residual.next, *layer.gate_up, layer.gate_up_bias);
      ops.gelu(activated, wide(inner), p.config.activation == Activation::kGelu ? Gelu::kErf : Gelu::kTanh);
    }
    ops.linear(out, activated, *layer.down, layer.down_bias);
  }

  const Parts& p;
  Ops& ops;
  Communicator& comm;
  const BatchView& batch;
  const LayerCaches& caches;
  float epsilon;
  ResidualStream residual;
  TensorView partial;
  TensorView activated;
  bool pending = false;  ///< `partial` is still to be added to the stream
};

TensorView Transformer::forward(const Execution& execution, const BatchView& batch,
                                const LayerCaches& caches) {
  const Parts& p = *parts_;
  check(batch.num_tokens > 0 && batch.num_tokens <= p.max_tokens, "a step of more tokens than planned");
  check(caches.size() == p.weights->layers.size(), "one KV layer a transformer layer");
  return Pass(p, execution, batch, caches).run();
}

TensorView Transformer::logits(const Execution& execution, ConstTensorView hidden_rows) {
  const Parts& p = *parts_;
  check(hidden_rows.rows > 0 && hidden_rows.rows <= p.max_logits, "more rows of logits than planned");
  const TensorView all = p.view(p.buffers.logits, p.shard.tp_size * hidden_rows.rows, p.shard.vocab_size);
  // Each rank writes where the gather wants its part, which is then in place.
  const TensorView own = all.rows_at(p.shard.tp_rank * hidden_rows.rows, hidden_rows.rows);
  execution.ops.linear(own, hidden_rows, p.weights->head(), nullptr);
  const Range range(p.backend, "all_gather");
  execution.comm.all_gather(all, own);
  return all;
}

void Transformer::next_tokens(const Execution& execution, const BatchView& batch, const LayerCaches& caches,
                              std::int32_t* next_ids) {
  const Parts& p = *parts_;
  const TensorView hidden = forward(execution, batch, caches);
  if (batch.num_logits == 0) return;  // a step of prompt chunks alone
  check(batch.num_logits <= p.max_logits, "more rows of logits than planned");
  const TensorView picked = p.view(p.buffers.picked, batch.num_logits, p.config.hidden_size);
  execution.ops.gather_rows(picked, hidden, batch.logits_rows);
  const TensorView gathered = logits(execution, picked);
  execution.ops.argmax(next_ids, gathered, p.shard.tp_size, p.config.vocab_size);
}

}  // namespace tpscale
