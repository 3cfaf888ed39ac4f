#pragma once
#include <cstdint>

#include "core/dtype.h"
#include "model/config.h"
#include "model/shard.h"

namespace tpscale {

/// What one forward pass of one rank must do and move, from the model's shape alone.
struct StepCost {
  double gemm_flops = 0;       ///< 2 * tokens * weights of the linear layers, the head at num_logits rows
  double attention_flops = 0;  ///< 4 * head_dim * heads * sum over query tokens of the keys they see
  double weight_bytes = 0;     ///< every weight once (of the embedding table only the rows looked up)
  double kv_bytes = 0;         ///< keys and values read by attention, once per query block, and those written
  double all_reduce_bytes = 0;  ///< messages: (2L+1) * tokens * hidden * element size; 0 at tp 1
  double all_gather_bytes = 0;  ///< total gathered logits; 0 at tp 1
  double flops() const noexcept { return gemm_flops + attention_flops; }
  double bytes() const noexcept { return weight_bytes + kv_bytes; }
};

/// The queries of a step: how many tokens, and how many (query, key) pairs and cache rows attention touches.
struct StepShape {
  std::int64_t num_tokens = 0;
  std::int64_t num_logits = 0;
  std::int64_t attention_pairs = 0;  ///< sum over query tokens of keys seen
  std::int64_t context_tokens = 0;   ///< sum over sequences of tokens in the cache
};

StepCost step_cost(const ModelConfig& config, const ModelShard& shard, Dtype dtype, const StepShape& shape);
/// Analytic sizes on one rank.
std::int64_t weight_bytes(const ModelConfig& config, const ModelShard& shard, Dtype dtype);
std::int64_t kv_bytes_per_token(const ModelConfig& config, const ModelShard& shard, Dtype dtype);

}  // namespace tpscale
