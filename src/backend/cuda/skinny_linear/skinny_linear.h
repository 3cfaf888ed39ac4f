#pragma once
#include <cuda_runtime_api.h>

#include <cstdint>

#include "backend/cuda/cuda_linear_weights.h"
#include "backend/cuda/normed_rows.h"
#include "core/tensor_view.h"

namespace tpscale::cuda {

/// Linear layers for few rows, bound by reading the weights once: one kernel each, tensor cores for 16-bit
/// elements. A row has the same bits in every batch that is taken, and whatever the shape of the grid. All
/// pointers are device memory; x, out and the weights are of one dtype; bias [out_features] may be nullptr.

/// Most rows of x that the kernels take.
bool skinny_linear_takes(std::int64_t rows, Dtype dtype);

/// out [M, N] = x [M, K] * weights [N, K]^T + bias.
void skinny_linear(cudaStream_t stream, TensorView out, ConstTensorView x, const CudaLinearWeights& weights,
                   const float* bias);

/// out [M, N/2] = silu(l[:, 0:N/2]) * l[:, N/2:N] with l = x * weights^T + bias rounded to the dtype: the
/// bits of skinny_linear and silu_and_mul.
void skinny_linear_silu_and_mul(cudaStream_t stream, TensorView out, ConstTensorView x,
                                const CudaLinearWeights& weights, const float* bias);

/// Few rows, whole vectors, and a row set that fits into shared memory.
bool skinny_linear_takes(const NormedRows& rows);

/// With the norm in front, which every block makes for itself, bit for bit as add_rms_norm does.
void skinny_linear(cudaStream_t stream, TensorView out, const NormedRows& rows,
                   const CudaLinearWeights& weights, const float* bias);
void skinny_linear_silu_and_mul(cudaStream_t stream, TensorView out, const NormedRows& rows,
                                const CudaLinearWeights& weights, const float* bias);

}  // namespace tpscale::cuda
