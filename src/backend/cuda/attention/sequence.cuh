#pragma once
#include "backend/cuda/attention/arguments.h"

namespace tpscale::cuda {

inline constexpr float kMinusInfinity = -__builtin_huge_valf();

/// One KV head of one sequence as a block sees it. A row is one query head of one query token; rows count
/// token by token, the heads of the group within, so that a tile of rows reads keys and values once for all
/// heads of the group.
template <class T>
struct SequenceHead {
  const AttentionArguments<T>& arguments;
  int kv_head;
  int first_token;
  int queries;
  int context;
  const std::int32_t* block_table;

  __device__ SequenceHead(const AttentionArguments<T>& all, int sequence, int head)
      : arguments(all),
        kv_head(head),
        first_token(all.cu_seqlens_q[sequence]),
        queries(all.cu_seqlens_q[sequence + 1] - first_token),
        context(all.context_lens[sequence]),
        block_table(all.block_tables + sequence * all.max_blocks) {}

  __device__ int rows() const { return queries * arguments.group; }
  __device__ int position(int row) const { return context - queries + arguments.group_divisor.divide(row); }
  /// Keys [first_key, end_key) are what a row sees; none in a padded sequence.
  __device__ int end_key(int row) const { return context == 0 ? 0 : position(row) + 1; }
  __device__ int first_key(int row) const {
    const int end = end_key(row);
    return arguments.window > 0 && end > arguments.window ? end - arguments.window : 0;
  }
  /// Element of component 0 of a row in q or out.
  __device__ std::int64_t element(int row, std::int64_t stride) const {
    const int token = arguments.group_divisor.divide(row);
    const int head = kv_head * arguments.group + row - token * arguments.group;
    return (first_token + token) * stride + static_cast<std::int64_t>(head) * arguments.head_dim;
  }
  /// Element of component 0 of a key or value.
  __device__ std::int64_t slot(int key) const {
    const int block = arguments.block_divisor.divide(key);
    const int place = kv_head * arguments.block_size + key - block * arguments.block_size;
    return block_table[block] * arguments.block_stride +
           static_cast<std::int64_t>(place) * arguments.head_dim;
  }
};

}  // namespace tpscale::cuda
