#pragma once
#include <cstdint>

#include "core/dtype.h"

namespace tpscale {

/// The paged keys and values of one layer on this rank, in device memory.
/// Element (block b, KV head h, slot s, component d) of either lies at
/// b * block_stride + (h * block_size + s) * head_dim + d.
/// Slot numbers (slot_mapping) count b * block_size + s.
struct KvLayerView {
  void* keys = nullptr;
  void* values = nullptr;
  Dtype dtype = Dtype::kF32;
  std::int64_t num_blocks = 0;
  std::int64_t block_size = 0;
  std::int64_t num_kv_heads = 0;  ///< of this rank
  std::int64_t head_dim = 0;
  std::int64_t block_stride = 0;  ///< elements from a block to the next
};

/// The per-step values of one batch, in device buffers of fixed address. Sequences lie one behind the other;
/// sequence s has query tokens [cu_seqlens_q[s], cu_seqlens_q[s+1]), the LAST ones of its context_lens[s]
/// tokens. Prefill and decode differ in nothing but the number of query tokens.
///
/// Padding: a sequence with context_lens[s] == 0 is not one. It has one query token, with token id 0, rotary
/// row 0 and slot -1, and fills a batch up to a size that is fixed: nothing is stored for it, attention gives
/// zeros for its token, and what the other ops make of it is finite and means nothing. Its row of
/// block_tables may hold anything. All max_... values may exceed what the arrays hold.
struct BatchView {
  std::int64_t num_tokens = 0;
  std::int64_t num_sequences = 0;
  std::int64_t num_logits = 0;     ///< rows of the hidden states whose logits are wanted
  std::int64_t max_blocks = 0;     ///< row length of block_tables
  std::int64_t max_query_len = 0;  ///< upper bounds, for choosing kernels and work splits only
  std::int64_t max_context_len = 0;
  const std::int32_t* token_ids = nullptr;  ///< [num_tokens]
  const std::int32_t* rope_rows =
      nullptr;  ///< [num_tokens] row of the rotary table (the position, but for `dynamic`)
  const std::int32_t* slot_mapping =
      nullptr;  ///< [num_tokens] slot that takes the token's key and value; -1: none
  const std::int32_t* cu_seqlens_q = nullptr;  ///< [num_sequences + 1]
  const std::int32_t* context_lens = nullptr;  ///< [num_sequences] tokens in the cache after this step
  const std::int32_t* block_tables = nullptr;  ///< [num_sequences, max_blocks]
  const std::int32_t* logits_rows = nullptr;   ///< [num_logits] token indices
};

}  // namespace tpscale
