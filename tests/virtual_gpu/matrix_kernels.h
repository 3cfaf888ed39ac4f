#pragma once
#include <cuda_runtime_api.h>

#include <cstdint>

#include "core/dtype.h"

namespace tpscale::virtual_gpu_test {

/// ldmatrix of four 8x8 matrices: rows [32, 8] of 16-bit elements, matrix by matrix; pairs [32 lanes, 4].
void load_matrices(std::uint32_t* pairs, const std::uint16_t* rows, bool transposed);

/// One mma.m16n8k16 of fragments that are given lane by lane: a [32, 8] and b [32, 4] elements of the dtype
/// (bf16 or f16), c [32, 4] is added to.
void multiply_fragments(float* c, const std::uint16_t* a, const std::uint16_t* b, Dtype dtype);

/// c [16, 16] = a [16, 16] * b [16, 16] of bf16, all row-major, as attention computes it: b is loaded
/// transposed from rows of k, or plainly where it is given as rows of its columns.
void multiply_matrices(float* c, const std::uint16_t* a, const std::uint16_t* b, bool b_is_transposed);

/// Copies 16 bytes a thread of one block through shared memory; zeros for threads from `valid` on.
void copy_through_shared(std::uint32_t* out, const std::uint32_t* in, int threads, int valid);

}  // namespace tpscale::virtual_gpu_test
