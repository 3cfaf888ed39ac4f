#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "backend/backend.h"
#include "model/model_source.h"
#include "model/shard.h"

namespace tpscale {

/// One layer's weights on this rank. H hidden, Q query columns, K KV columns, I intermediate size, all of
/// this rank. Vectors are fp32, rounded to the compute dtype; nullptr: none.
struct LayerWeights {
  std::unique_ptr<LinearWeights> qkv;      ///< [Q + 2K, H]: queries, keys, values
  std::unique_ptr<LinearWeights> o;        ///< [H, Q] row-parallel
  std::unique_ptr<LinearWeights> gate_up;  ///< [2I, H]: this rank's gate rows, then its up rows; [I, H] where
                                           ///< nothing is gated
  std::unique_ptr<LinearWeights> down;     ///< [H, I] row-parallel
  const float* input_norm = nullptr;       ///< [H]
  const float* post_norm = nullptr;        ///< [H] before the MLP
  const float* input_norm_bias = nullptr;  ///< [H] of a layer norm
  const float* post_norm_bias = nullptr;   ///< [H]
  const float* q_norm = nullptr;           ///< [head_dim]
  const float* k_norm = nullptr;           ///< [head_dim]
  const float* qkv_bias = nullptr;         ///< [Q + 2K]
  const float* o_bias = nullptr;           ///< [H], on rank 0 alone: the all-reduce would add it once a rank
  const float* gate_up_bias = nullptr;     ///< [2I] or [I]
  const float* down_bias = nullptr;        ///< [H], on rank 0 alone
};

struct ModelWeights {
  std::unique_ptr<LinearWeights> embedding;    ///< [vocabulary shard, H]; padding rows zero
  std::unique_ptr<LinearWeights> untied_head;  ///< the same shape; empty where the head is tied
  std::unique_ptr<LinearWeights> positions;  ///< [max_position_embeddings, H], learned ones, on rank 0 alone:
                                             ///< the all-reduce would add them once a rank
  std::vector<LayerWeights> layers;
  const float* final_norm = nullptr;       ///< [H]
  const float* final_norm_bias = nullptr;  ///< [H] of a layer norm
  Buffer vectors;                          ///< owns every fp32 vector above

  const LinearWeights& head() const noexcept { return untied_head ? *untied_head : *embedding; }
};

/// Reads what `shard` owns, a few MiB at a time: no second copy of a matrix exists at any moment.
ModelWeights load_weights(Backend& backend, const ModelSource& source, const ModelShard& shard, Dtype dtype);

}  // namespace tpscale
