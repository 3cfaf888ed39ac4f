#pragma once
#include <cuda_runtime_api.h>

namespace tpscale::virtual_gpu_test {

/// Kernels that are right, and the same with one mistake.
enum class Version { kRight, kWrong };

void reverse_through_shared(cudaStream_t stream, float* out, const float* in, Version version);  // 256
void rotate_in_warp(cudaStream_t stream, float* out, const float* in, Version version);          // 32
void sum_in_warps(cudaStream_t stream, float* out, const float* in, Version version);            // 64 -> 2
void pipeline_without_trailing_barrier(cudaStream_t stream, float* out, const float* in,
                                       Version version);                                           // 8 x 64
void async_copy_without_wait(cudaStream_t stream, float* out, const float* in, Version version);   // 128
void barrier_in_a_branch(cudaStream_t stream, float* out, const float* in, Version version);       // 64
void barriers_of_two_branches(cudaStream_t stream, float* out, const float* in, Version version);  // 64
void barrier_after_an_exit(cudaStream_t stream, float* out, const float* in, Version version);     // 64
void shuffle_in_a_branch(cudaStream_t stream, float* out, const float* in, Version version);       // 32
void sum_between_blocks(cudaStream_t stream, int* out, int blocks, Version version);               // 1
void read_shared_unwritten(cudaStream_t stream, float* out, Version version);                      // 64
void read_static_shared_unwritten(cudaStream_t stream, float* out, Version version);               // 64
void dynamic_shared_out_of_range(cudaStream_t stream, float* out, Version version);                // 32
void copy_values(cudaStream_t stream, float* out, const float* in, int count);
void add_value(cudaStream_t stream, float* out, float value, int count);
void add_value_from_memory(cudaStream_t stream, float* out, const float* value, int count);
void count_intrinsics(cudaStream_t stream, int* out);  // 32: see intrinsics_test.cpp

}  // namespace tpscale::virtual_gpu_test
