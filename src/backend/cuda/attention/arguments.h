#pragma once
#include <cuda_runtime.h>

#include <cstdint>

namespace tpscale::cuda {

/// Division of numbers below 2^31 by one that is known at launch: a multiplication and a shift.
/// Granlund and Montgomery, "Division by Invariant Integers using Multiplication" (1994), section 4.
class Divisor {
 public:
  explicit Divisor(std::uint32_t value) {
    while ((1ULL << shift_) < value) ++shift_;
    magic_ = static_cast<std::uint32_t>(((1ULL << 32U) * ((1ULL << shift_) - value)) / value + 1);
  }
  __device__ int divide(int number) const {
    const auto n = static_cast<std::uint32_t>(number);
    const auto high = static_cast<std::uint32_t>((static_cast<std::uint64_t>(magic_) * n) >> 32U);
    return static_cast<int>((high + n) >> shift_);
  }

 private:
  std::uint32_t magic_ = 0;
  std::uint32_t shift_ = 0;
};

/// What every attention kernel is given. All pointers are device memory; strides count elements of T.
template <class T>
struct AttentionArguments {
  T* out;         ///< [T, num_heads * head_dim]
  const T* q;     ///< [T, >= num_heads * head_dim]
  const T* keys;  ///< see KvLayerView
  const T* values;
  const std::int32_t* block_tables;  ///< [num_sequences, max_blocks]
  const std::int32_t* cu_seqlens_q;  ///< [num_sequences + 1]
  const std::int32_t* context_lens;  ///< [num_sequences]
  std::int64_t out_stride;
  std::int64_t q_stride;
  std::int64_t block_stride;
  std::int64_t max_blocks;
  Divisor block_divisor;  ///< of block_size
  Divisor group_divisor;  ///< of group
  int block_size;
  int num_kv_heads;
  int group;  ///< query heads of a KV head
  int head_dim;
  int window;         ///< 0: none
  float score_scale;  ///< of a score, times log2(e): weights are powers of two
};

}  // namespace tpscale::cuda
