#pragma once
#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

namespace tpscale::cuda {

int read_blocks(int multiprocessors) noexcept;
/// Reads `bytes` (a multiple of 16) once; checksums[block] keeps the compiler from dropping the reads.
void read_all(cudaStream_t stream, std::uint32_t* checksums, const void* data, std::size_t bytes, int blocks);

inline constexpr int kMultiplyAddThreads = 256;
int multiply_add_blocks(int multiprocessors) noexcept;
/// `rounds` rounds of independent multiply-adds in registers; checksums [blocks * kMultiplyAddThreads].
void multiply_add(cudaStream_t stream, float* checksums, int blocks, std::int64_t rounds);
double multiply_add_flops(int blocks, std::int64_t rounds) noexcept;

}  // namespace tpscale::cuda
