#pragma once
#include <cstdint>
#include <memory>

#include "backend/batch_view.h"
#include "backend/linear_weights.h"
#include "core/tensor_view.h"

namespace tpscale {

/// Heads of this rank in a fused projection row: [num_heads * head_dim | num_kv_heads * head_dim | the same
/// again] for queries, keys and values.
struct HeadLayout {
  std::int64_t num_heads = 0;
  std::int64_t num_kv_heads =
      0;  ///< divides num_heads: query head h reads KV head h / (num_heads / num_kv_heads)
  std::int64_t head_dim = 0;
  std::int64_t q_cols() const noexcept { return num_heads * head_dim; }
  std::int64_t kv_cols() const noexcept { return num_kv_heads * head_dim; }
  std::int64_t qkv_cols() const noexcept { return q_cols() + 2 * kv_cols(); }
};

/// Rotary position embedding: rows of cosines, then sines, both of rotary_dim / 2 values, scaling factors
/// included. Component i of the first rotary_dim is paired with i + rotary_dim / 2 (the layout of Hugging
/// Face checkpoints).
struct RotaryTable {
  const float* rows = nullptr;  ///< [num_rows, rotary_dim]: cos[rotary_dim/2] then sin[rotary_dim/2]
  std::int64_t rotary_dim = 0;  ///< 0: no rotation
  bool keys = true;             ///< false: keys are stored unrotated, see Ops::rotate_keys
};

/// What one layer has cached of one sequence.
struct CachedTokens {
  KvLayerView kv;
  const std::int32_t* block_table = nullptr;  ///< in device memory
  std::int64_t count = 0;                     ///< tokens 0 .. count-1 of it are there
};

/// RMS norm of each query and key head over head_dim before the rotation (Qwen3). nullptr: none.
struct HeadNorms {
  const float* q_weight = nullptr;  ///< [head_dim]
  const float* k_weight = nullptr;  ///< [head_dim]
  float epsilon = 0.0F;
};

/// The residual stream of a step, with room for a successor: an op that many blocks work on cannot overwrite
/// what the others still read, so it writes the sum to `next` and swaps the two.
struct ResidualStream {
  TensorView now;   ///< [T, hidden]
  TensorView next;  ///< the same shape, other memory
};

/// A norm on its way to the linear layer behind it.
struct PendingNorm {
  ConstTensorView x;              ///< [T, hidden], added to the residual first
  const float* weight = nullptr;  ///< [hidden]
  float epsilon = 0.0F;
  /// [T, hidden]: room for what the norm gives; afterwards it holds that or anything. May be the stream's
  /// `next`: an op writes one of the two.
  TensorView normed;
};

/// x * Phi(x), with the normal distribution's function by erf, or by the tanh formula of GPT-2
/// (arXiv 1606.08415).
enum class Gelu : std::uint8_t { kErf, kTanh };

/// What a device computes. Every op is enqueued on the backend's stream, allocates nothing, and accumulates
/// in fp32. Tensors are of one dtype (the compute dtype) unless said otherwise; each op's output is rounded
/// to it. Vectors (norm weights, biases) are fp32 arrays whose values have been rounded to the compute dtype.
/// A rank's thread calls one op at a time.
class Ops {
 public:
  virtual ~Ops() = default;

  /// Zero weights of a linear layer. `lookup`: the same weights also serve embedding().
  virtual std::unique_ptr<LinearWeights> make_linear(std::int64_t out_features, std::int64_t in_features,
                                                     Dtype dtype, bool lookup) = 0;

  /// Finds out, by timing on random rows, how this device best computes linear() with `rows` rows and weights
  /// of this shape; linear() does so from then on. Not while a step is recorded. Does nothing where there is
  /// nothing to choose, and little where the choice is known already.
  virtual void tune_linear(std::int64_t /*rows*/, const LinearWeights& /*weights*/) {}

  /// out[t, :] = table[ids[t] - first_row, :]; zeros where the id is not in [first_row, first_row +
  /// out_features): the all-reduce of a vocabulary-parallel embedding adds the other ranks' rows. out [T,
  /// hidden].
  virtual void embedding(TensorView out, const LinearWeights& table, const std::int32_t* ids,
                         std::int64_t first_row) = 0;

  /// out = x / sqrt(mean(x^2) + epsilon) * weight, row by row. x, out [T, hidden]; weight [hidden].
  virtual void rms_norm(TensorView out, ConstTensorView x, const float* weight, float epsilon) = 0;

  /// residual += x (rounded to the compute dtype), then out = rms_norm(residual). All [T, hidden].
  virtual void add_rms_norm(TensorView out, TensorView residual, ConstTensorView x, const float* weight,
                            float epsilon) = 0;

  /// out = (x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon) * weight + bias, row by row. Shapes as
  /// rms_norm's; bias [hidden].
  virtual void layer_norm(TensorView out, ConstTensorView x, const float* weight, const float* bias,
                          float epsilon) = 0;

  /// residual += x (rounded to the compute dtype), then out = layer_norm(residual). All [T, hidden].
  virtual void add_layer_norm(TensorView out, TensorView residual, ConstTensorView x, const float* weight,
                              const float* bias, float epsilon) = 0;

  /// out += x. Both [T, hidden].
  virtual void add(TensorView out, ConstTensorView x) = 0;

  /// out[t, :] += table[rows[t], :]: learned positions. out [T, hidden]; rows in device memory, each below
  /// the table's out_features.
  virtual void add_embedding(TensorView out, const LinearWeights& table, const std::int32_t* rows) = 0;

  /// out [T, N] = x [T, K] * weights[N, K]^T + bias[N]; bias may be nullptr.
  virtual void linear(TensorView out, ConstTensorView x, const LinearWeights& weights, const float* bias) = 0;

  /// Normalises (where `norms` says so) and rotates queries and (where `rotary` says so) keys of qkv [T,
  /// heads.qkv_cols()] and writes keys and values into the cache at slot_mapping. Rotated queries replace the
  /// unrotated ones in qkv.
  virtual void rope_and_store_kv(TensorView qkv, const HeadLayout& heads, const RotaryTable& rotary,
                                 const HeadNorms& norms, const BatchView& batch, const KvLayerView& kv) = 0;

  /// Causal attention over the paged cache: query token at position p of its sequence (p counted from 0, the
  /// last one is context_len - 1) sees keys 0..p, or the last `window` of them where window > 0. out [T,
  /// heads.q_cols()], q [T, >= heads.q_cols()] (the rotated part of qkv).
  virtual void paged_attention(TensorView out, ConstTensorView q, const HeadLayout& heads,
                               const BatchView& batch, const KvLayerView& kv, float scale,
                               std::int64_t window) = 0;

  // A cache that is cut while it is used (kv/eviction.h).

  /// Row i of every head of `rotated` = key i of `cached`, rotated to position i: row i of the table. For
  /// caches whose keys are stored unrotated, because their positions change when others go. `rotated`: room
  /// for keys with the strides and block numbers of cached.kv.
  virtual void rotate_keys(const KvLayerView& rotated, const CachedTokens& cached,
                           const RotaryTable& rotary) = 0;

  /// norms[h, i] = the Euclidean norm of key first + i of KV head h, for the count - first last ones; the sum
  /// of squares in fp32. norms [num_kv_heads, count - first] fp32 in device memory.
  virtual void key_norms(float* norms, const CachedTokens& cached, std::int64_t first) = 0;

  /// Removes the keys and values of each KV head's tokens dropped[h, :] (ascending, without repetition);
  /// those behind them move up, in their order: count - num_dropped are left. dropped [num_kv_heads,
  /// num_dropped] in device memory.
  virtual void drop_tokens(const CachedTokens& cached, const std::int32_t* dropped,
                           std::int64_t num_dropped) = 0;

  /// out [T, I] = silu(gate_up[:, 0:I]) * gate_up[:, I:2I].
  virtual void silu_and_mul(TensorView out, ConstTensorView gate_up) = 0;

  /// out = gelu(x). Both [T, I]; may be the same.
  virtual void gelu(TensorView out, ConstTensorView x, Gelu formula) = 0;

  // Ops in one, for devices where each costs a launch. What they do by default is what they mean: the parts;
  // a norm before a linear layer may be rounded before the division by the root mean square.

  /// linear() with weights [2I, K], then silu_and_mul(). gate_up [T, 2I]: room for what linear() gives;
  /// afterwards it holds that or anything. out [T, I].
  virtual void linear_silu_and_mul(TensorView out, ConstTensorView x, const LinearWeights& weights,
                                   const float* bias, TensorView gate_up);

  /// add_rms_norm(), then linear().
  virtual void add_rms_norm_linear(TensorView out, ResidualStream& residual, const PendingNorm& norm,
                                   const LinearWeights& weights, const float* bias);

  /// add_rms_norm(), linear() and silu_and_mul().
  virtual void add_rms_norm_linear_silu_and_mul(TensorView out, ResidualStream& residual,
                                                const PendingNorm& norm, const LinearWeights& weights,
                                                const float* bias, TensorView gate_up);

  /// out[i, :] = x[rows[i], :]. rows in device memory, out.rows of them.
  virtual void gather_rows(TensorView out, ConstTensorView x, const std::int32_t* rows) = 0;

  /// Greedy choice from gathered, vocabulary-split logits: logits [parts * S, V/parts], part-major. ids[s] =
  /// the lowest index of the largest of the first vocab_size columns of row s. ids in device memory [S].
  virtual void argmax(std::int32_t* ids, ConstTensorView logits, std::int64_t parts,
                      std::int64_t vocab_size) = 0;

  /// token_ids[t] = chosen[sources[t]] where sources[t] >= 0, else unchanged: a decode step takes its tokens
  /// from what argmax chose in the step before, and the host need not have seen them. All in device memory;
  /// token_ids and sources [num_tokens], and `chosen` is another array than token_ids.
  virtual void feed_tokens(std::int32_t* token_ids, const std::int32_t* sources, std::int64_t num_tokens,
                           const std::int32_t* chosen) = 0;
};

}  // namespace tpscale
