#pragma once
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include "backend/cuda/attention/arguments.h"
#include "backend/cuda/attention/split_plan.h"
#include "backend/cuda/attention_scratch.h"

namespace tpscale::cuda {

/// Sizes and upper bounds of a batch: they make the grid. A block that has nothing to do leaves.
struct AttentionBounds {
  int sequences = 0;
  int tokens = 0;
  int visible_keys = 0;  ///< of one query token
};

inline constexpr int kLargestHeadDim = 256;
inline constexpr int kMostHeadsOfTile = 64;  ///< query heads of a KV head in launch_decode_mma

/// Any number of query tokens a sequence. Tensor cores; head_dim a multiple of 8.
template <class T>
void launch_prefill_mma(cudaStream_t stream, const AttentionArguments<T>& arguments,
                        const AttentionBounds& bounds);

/// Any number of query tokens, any head_dim up to 256: fp32 multiply-adds throughout.
template <class T>
void launch_exact(cudaStream_t stream, const AttentionArguments<T>& arguments, const AttentionBounds& bounds);

/// One query token a sequence. `partials` has room for plan.max_splits(bounds.visible_keys) of each.
/// The first takes rows of whole 16-byte vectors and is for few heads a KV head; it has decode_head_parts()
/// blocks for each, the second has one, for up to 64.
int decode_head_parts(int group, int head_dim);
template <class T>
void launch_decode(cudaStream_t stream, const AttentionArguments<T>& arguments, const AttentionBounds& bounds,
                   const SplitPlan& plan, const AttentionPartials& partials);
template <class T>
void launch_decode_mma(cudaStream_t stream, const AttentionArguments<T>& arguments,
                       const AttentionBounds& bounds, const SplitPlan& plan,
                       const AttentionPartials& partials);

}  // namespace tpscale::cuda
