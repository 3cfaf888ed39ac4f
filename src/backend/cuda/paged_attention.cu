#include <algorithm>
#include <cstdint>
#include <limits>
#include <numbers>
#include <string>

#include "backend/cuda/attention/kernels.h"
#include "backend/cuda/cuda_ops.h"
#include "backend/cuda/device/element.cuh"
#include "core/check.h"
#include "core/error.h"

namespace tpscale::cuda {
namespace {

constexpr int kHeadsForTensorCores = 5;  ///< of a KV head in decode: below, plain multiply-adds keep up

template <class T>
AttentionArguments<T> arguments_of(TensorView out, ConstTensorView q, const HeadLayout& heads,
                                   const BatchView& batch, const KvLayerView& kv, float scale,
                                   std::int64_t window) {
  const std::int64_t group = heads.num_heads / heads.num_kv_heads;
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  return {.out = static_cast<T*>(out.data),
          .q = static_cast<const T*>(q.data),
          .keys = static_cast<const T*>(kv.keys),
          .values = static_cast<const T*>(kv.values),
          .block_tables = batch.block_tables,
          .cu_seqlens_q = batch.cu_seqlens_q,
          .context_lens = batch.context_lens,
          .out_stride = out.row_stride,
          .q_stride = q.row_stride,
          .block_stride = kv.block_stride,
          .max_blocks = batch.max_blocks,
          .block_divisor = Divisor(static_cast<std::uint32_t>(kv.block_size)),
          .group_divisor = Divisor(static_cast<std::uint32_t>(group)),
          .block_size = static_cast<int>(kv.block_size),
          .num_kv_heads = static_cast<int>(heads.num_kv_heads),
          .group = static_cast<int>(group),
          .head_dim = static_cast<int>(heads.head_dim),
          .window = static_cast<int>(std::min(window, kMost)),
          .score_scale = scale * std::numbers::log2e_v<float>};
}

/// Whether every row of a head begins at a multiple of 16 bytes and is whole vectors of them.
template <class T>
bool is_vectors(const AttentionArguments<T>& arguments) {
  const auto whole = [](std::int64_t elements) { return elements * std::int64_t{sizeof(T)} % 16 == 0; };
  const auto aligned = [](const void* data) { return reinterpret_cast<std::uintptr_t>(data) % 16 == 0; };
  return whole(arguments.head_dim) && whole(arguments.q_stride) && whole(arguments.out_stride) &&
         whole(arguments.block_stride) && aligned(arguments.q) && aligned(arguments.out) &&
         aligned(arguments.keys) && aligned(arguments.values);
}

struct DecodePlan {
  bool tensor_cores;
  int blocks_per_split;  ///< for one sequence
  SplitPlan splits;
};

DecodePlan plan_decode(bool sixteen_bits, int group, int num_kv_heads, int head_dim, int multiprocessors) {
  const bool tensor_cores = sixteen_bits && group >= kHeadsForTensorCores && group <= kMostHeadsOfTile;
  const int blocks = num_kv_heads * (tensor_cores ? 1 : decode_head_parts(group, head_dim));
  return {tensor_cores, blocks, SplitPlan::for_device(multiprocessors, blocks)};
}

}  // namespace

void CudaOps::paged_attention(TensorView out, ConstTensorView q, const HeadLayout& heads,
                              const BatchView& batch, const KvLayerView& kv, float scale,
                              std::int64_t window) {
  check(q.cols >= heads.q_cols() && out.cols == heads.q_cols() && q.rows == batch.num_tokens &&
            out.rows == batch.num_tokens && q.dtype == kv.dtype && out.dtype == kv.dtype,
        "paged_attention: shapes do not fit");
  check(kv.num_kv_heads == heads.num_kv_heads && kv.head_dim == heads.head_dim,
        "paged_attention: the cache does not fit");
  if (heads.head_dim > kLargestHeadDim) {
    throw NotAvailableError("attention heads of " + std::to_string(heads.head_dim) +
                            " components are more than the CUDA backend has kernels for (" +
                            std::to_string(kLargestHeadDim) + "): use --backend cpu");
  }
  if (batch.num_sequences == 0 || batch.num_tokens == 0) return;

  dispatch_element(kv.dtype, [&](auto element) {
    using T = decltype(element);
    constexpr bool kSixteenBits = sizeof(T) == 2;
    const AttentionArguments<T> arguments =
        arguments_of<T>(out, q, heads, batch, kv, scale, std::max<std::int64_t>(window, 0));
    const std::int64_t visible = window > 0 ? std::min(window, batch.max_context_len) : batch.max_context_len;
    const AttentionBounds bounds{static_cast<int>(batch.num_sequences), static_cast<int>(batch.num_tokens),
                                 static_cast<int>(visible)};
    if (!is_vectors(arguments)) return launch_exact(stream_, arguments, bounds);
    if (batch.max_query_len > 1) {
      if constexpr (kSixteenBits) {
        return launch_prefill_mma(stream_, arguments, bounds);
      } else {
        return launch_exact(stream_, arguments, bounds);
      }
    }
    const DecodePlan plan = plan_decode(kSixteenBits, arguments.group, arguments.num_kv_heads,
                                        arguments.head_dim, device_.multiprocessors);
    const AttentionPartials partials = attention_scratch_.reserve(
        memory_, batch.num_sequences * plan.blocks_per_split, batch.num_sequences * heads.num_heads,
        plan.splits.max_splits(bounds.visible_keys), heads.head_dim);
    if constexpr (kSixteenBits) {
      if (plan.tensor_cores) {
        return launch_decode_mma(stream_, arguments, bounds, plan.splits, partials);
      }
    }
    launch_decode(stream_, arguments, bounds, plan.splits, partials);
  });
}

}  // namespace tpscale::cuda
