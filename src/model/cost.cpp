#include "model/cost.h"

namespace tpscale {
namespace {

/// Weights of the linear layers of one transformer layer on this rank, by their shapes [out, in].
std::int64_t layer_matrix_elements(const ModelConfig& config, const ModelShard& shard) {
  const std::int64_t q_cols = shard.num_heads * config.head_dim;
  const std::int64_t kv_cols = shard.num_kv_heads * config.head_dim;
  return (q_cols + 2 * kv_cols) * config.hidden_size + config.hidden_size * q_cols +
         (config.gated_mlp() ? 3 : 2) * shard.intermediate_size * config.hidden_size;
}

/// Norm weights and biases of this rank, all fp32. Biases of row-parallel layers live on rank 0 alone.
std::int64_t vector_elements(const ModelConfig& config, const ModelShard& shard) {
  const std::int64_t norm = (config.norm == NormKind::kLayer ? 2 : 1) * config.hidden_size;
  std::int64_t layer = 2 * norm;
  if (config.qk_norm) layer += 2 * config.head_dim;
  if (config.qkv_bias) layer += (shard.num_heads + 2 * shard.num_kv_heads) * config.head_dim;
  if (config.mlp_bias) layer += (config.gated_mlp() ? 2 : 1) * shard.intermediate_size;
  if (shard.tp_rank == 0) {
    layer += (config.o_bias ? config.hidden_size : 0) + (config.mlp_bias ? config.hidden_size : 0);
  }
  return config.num_layers * layer + norm;
}

double bytes_of(std::int64_t elements, Dtype dtype) {
  return static_cast<double>(elements) * static_cast<double>(size_of(dtype));
}

}  // namespace

StepCost step_cost(const ModelConfig& config, const ModelShard& shard, Dtype dtype, const StepShape& shape) {
  const std::int64_t layers = config.num_layers * layer_matrix_elements(config, shard);
  const std::int64_t head = config.hidden_size * shard.vocab_size;
  StepCost cost;
  cost.gemm_flops = 2.0 * static_cast<double>(shape.num_tokens) * static_cast<double>(layers) +
                    2.0 * static_cast<double>(shape.num_logits) * static_cast<double>(head);
  cost.attention_flops = 4.0 * static_cast<double>(config.head_dim * shard.num_heads * config.num_layers) *
                         static_cast<double>(shape.attention_pairs);
  cost.weight_bytes = bytes_of(layers + (shape.num_logits > 0 ? head : 0), dtype) +
                      4.0 * static_cast<double>(vector_elements(config, shard)) +
                      bytes_of(shape.num_tokens * config.hidden_size, dtype) / shard.tp_size;
  cost.kv_bytes = static_cast<double>(kv_bytes_per_token(config, shard, dtype)) *
                  static_cast<double>(shape.context_tokens + shape.num_tokens);
  if (shard.tp_size > 1) {
    cost.all_reduce_bytes = static_cast<double>(config.all_reduces_a_layer() * config.num_layers + 1) *
                            bytes_of(shape.num_tokens * config.hidden_size, dtype);
    cost.all_gather_bytes = bytes_of(shape.num_logits * shard.vocab_size * shard.tp_size, dtype);
  }
  return cost;
}

std::int64_t weight_bytes(const ModelConfig& config, const ModelShard& shard, Dtype dtype) {
  std::int64_t tables = (config.tied_embeddings ? 1 : 2) * shard.vocab_size * config.hidden_size;
  if (config.learned_positions && shard.tp_rank == 0)
    tables += config.max_position_embeddings * config.hidden_size;
  const std::int64_t matrices = tables + config.num_layers * layer_matrix_elements(config, shard);
  return matrices * static_cast<std::int64_t>(size_of(dtype)) + 4 * vector_elements(config, shard);
}

std::int64_t kv_bytes_per_token(const ModelConfig& config, const ModelShard& shard, Dtype dtype) {
  return 2 * config.num_layers * shard.num_kv_heads * config.head_dim *
         static_cast<std::int64_t>(size_of(dtype));
}

}  // namespace tpscale
