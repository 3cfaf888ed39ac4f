#pragma once
#include <cstdint>

namespace tpscale {

/// What part of a model one rank of a tensor-parallel group owns. Plain data: parallel/shard_plan computes it
/// (the only place that divides), the model only reads it.
struct ModelShard {
  int tp_size = 1;
  int tp_rank = 0;
  std::int64_t first_head = 0, num_heads = 0;        ///< query heads
  std::int64_t first_kv_head = 0, num_kv_heads = 0;  ///< replicated where there are fewer than ranks
  std::int64_t first_intermediate = 0, intermediate_size = 0;  ///< rows of gate and up, columns of down
  std::int64_t first_vocab = 0,
               vocab_size = 0;  ///< rows of embedding and head, padding included: equal on every rank
};

}  // namespace tpscale
