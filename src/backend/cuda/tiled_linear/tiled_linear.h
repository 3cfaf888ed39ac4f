#pragma once
#include <cuda_runtime_api.h>

#include <cstdint>

#include "backend/cuda/cuda_linear_weights.h"
#include "backend/cuda/normed_rows.h"
#include "core/tensor_view.h"

namespace tpscale::cuda {

/// Linear layers for the batches of decode: one kernel each, with the norm in front of it and the
/// SiLU-and-multiply behind it where they are wanted. A row has the same bits in every batch that is taken.
/// All pointers are device memory; rows, out and the weights are of one dtype; bias [out_features] may be
/// nullptr.
inline constexpr std::int64_t kMostTiledRows = 512;

/// Few enough rows of whole vectors.
bool tiled_linear_takes(const ConstTensorView& x);
bool tiled_linear_takes(const NormedRows& rows);

enum class TiledOutput {
  kLinear,     ///< out [M, N] = l, with l = x [M, K] * weights [N, K]^T + bias
  kSiluAndMul  ///< out [M, N/2] = silu(l[:, 0:N/2]) * l[:, N/2:N], l rounded to the dtype first
};

void tiled_linear(cudaStream_t stream, TensorView out, ConstTensorView x, const CudaLinearWeights& weights,
                  const float* bias, TiledOutput kind);

/// The same with x = rms_norm(residual + x). In bf16 and f32 the product with the norm's weight is rounded to
/// the dtype and the division by the root mean square comes behind the sum: as many roundings as add_rms_norm
/// and linear, at other places. f16, whose range is too small for that, rounds where they do.
void tiled_linear(cudaStream_t stream, TensorView out, const NormedRows& rows,
                  const CudaLinearWeights& weights, const float* bias, TiledOutput kind);

}  // namespace tpscale::cuda
