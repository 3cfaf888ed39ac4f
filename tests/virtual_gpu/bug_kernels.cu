#include "backend/cuda/device/launch.cuh"
#include "backend/cuda/device/ptx.cuh"
#include "support/virtual_gpu/device_code.h"
#include "virtual_gpu/bug_kernels.h"

namespace tpscale::virtual_gpu_test {
namespace {

using cuda::dynamic_shared;
using cuda::launch;
constexpr unsigned kAll = 0xFFFFFFFFU;

__global__ void reverse_kernel(float* out, const float* in, bool barrier) {
  __shared__ float values[256];
  values[threadIdx.x] = in[threadIdx.x];
  if (barrier) __syncthreads();
  out[threadIdx.x] = values[255 - threadIdx.x];
}

__global__ void rotate_kernel(float* out, const float* in, bool barrier) {
  __shared__ float values[32];
  values[threadIdx.x] = in[threadIdx.x];
  if (barrier) __syncwarp();
  out[threadIdx.x] = values[(threadIdx.x + 1) % 32];
}

__global__ void warp_sum_kernel(float* out, const float* in, bool right) {
  float sum = in[threadIdx.x];
  for (int offset = 16; offset > (right ? 0 : 1); offset /= 2) sum += __shfl_xor_sync(kAll, sum, offset);
  if (threadIdx.x % 32 == 0) out[threadIdx.x / 32] = sum;
}

__global__ void pipeline_kernel(float* out, const float* in, bool trailing_barrier) {
  __shared__ __align__(16) float tile[2][64];
  const auto thread = threadIdx.x;
  virtual_gpu::copy_async(&tile[0][thread], in + thread, 4, 4);
  virtual_gpu::copy_async_commit();
  for (int step = 0; step < 8; ++step) {
    if (step + 1 < 8) {
      virtual_gpu::copy_async(&tile[(step + 1) % 2][thread], in + (step + 1) * 64 + thread, 4, 4);
    }
    virtual_gpu::copy_async_commit();
    virtual_gpu::copy_async_wait(1);
    __syncthreads();
    out[step * 64 + thread] = tile[step % 2][63 - thread];
    if (trailing_barrier) __syncthreads();
  }
  virtual_gpu::copy_async_wait(0);
}

__global__ void async_copy_kernel(float* out, const float* in, bool wait) {
  __shared__ __align__(16) float values[128];
  virtual_gpu::copy_async(&values[threadIdx.x * 4], in + threadIdx.x * 4, 16, 16);
  virtual_gpu::copy_async_commit();
  if (wait) virtual_gpu::copy_async_wait(0);
  for (int i = 0; i < 4; ++i) out[threadIdx.x * 4 + i] = values[threadIdx.x * 4 + i];
}

__global__ void branch_barrier_kernel(float* out, const float* in, bool right) {
  if (right || threadIdx.x < 40) __syncthreads();
  out[threadIdx.x] = in[threadIdx.x];
}

__global__ void two_barriers_kernel(float* out, const float* in, bool right) {
  if (right || threadIdx.x < 40) {
    __syncthreads();
  } else {
    __syncthreads();
  }
  out[threadIdx.x] = in[threadIdx.x];
}

__global__ void exit_kernel(float* out, const float* in, bool right) {
  if (!right && threadIdx.x == 63) return;
  __syncthreads();
  out[threadIdx.x] = in[threadIdx.x];
}

__global__ void branch_shuffle_kernel(float* out, const float* in, bool right) {
  float value = in[threadIdx.x];
  if (right || threadIdx.x < 16) value = __shfl_xor_sync(kAll, value, 1);
  out[threadIdx.x] = value;
}

__global__ void block_race_kernel(int* out, bool right) {
  if (right) {
    atomicAdd(out, static_cast<int>(blockIdx.x));
  } else {
    *out = static_cast<int>(blockIdx.x);  // the last block wins, whichever that is
  }
}

__global__ void unwritten_dynamic_kernel(float* out, bool right) {
  auto* values = dynamic_shared<float>();
  if (right) values[threadIdx.x] = 0.0F;
  out[threadIdx.x] = values[threadIdx.x] + 1.0F;
}

__global__ void unwritten_static_kernel(float* out, bool right) {
  __shared__ float values[64];
  if (right || blockIdx.x == 0) values[threadIdx.x] = 0.0F;
  if (blockIdx.x == 3) out[threadIdx.x] = values[threadIdx.x] + 1.0F;
}

__global__ void dynamic_range_kernel(float* out, int size) {
  auto* values = dynamic_shared<float>();
  for (int i = 0; i < size; ++i) values[i] = 1.0F;
  out[threadIdx.x] = values[threadIdx.x];
}

__global__ void copy_kernel(float* out, const float* in, int count) {
  const auto i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < count) out[i] = in[i];
}

__global__ void add_kernel(float* out, float value, int count) {
  const auto i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < count) out[i] += value;
}

__global__ void add_from_memory_kernel(float* out, const float* value, int count) {
  const auto i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < count) out[i] += *value;
}

__global__ void intrinsics_kernel(int* out) {
  const auto lane = static_cast<int>(threadIdx.x);
  int right = 0;
  right += __shfl_sync(kAll, lane, 5) == 5;
  right += __shfl_sync(kAll, lane, 9, 8) == (lane & ~7) + 1;
  right += __shfl_up_sync(kAll, lane, 3) == (lane < 3 ? lane : lane - 3);
  right += __shfl_up_sync(kAll, lane, 1, 16) == (lane % 16 == 0 ? lane : lane - 1);
  right += __shfl_down_sync(kAll, lane, 4) == (lane > 27 ? lane : lane + 4);
  right += __shfl_xor_sync(kAll, lane, 31) == 31 - lane;
  right += __shfl_sync(kAll, 0.5 * lane, 7) == 3.5;
  right += __ballot_sync(kAll, lane % 2) == 0xAAAAAAAAU;
  right += __any_sync(kAll, lane == 3) == 1;
  right += __all_sync(kAll, lane == 3) == 0;
  right += __reduce_add_sync(kAll, lane) == 496;
  right += __reduce_max_sync(kAll, lane) == 31;
  if (lane < 8) {
    right += __shfl_xor_sync(0xFFU, lane, 1) == (lane ^ 1);
  } else {
    right += __shfl_xor_sync(0xFFFFFF00U, lane, 1) == (lane ^ 1);
  }
  right += __popc(0xF0F0U) == 8 && __clz(1) == 31 && __ffs(8) == 4 && __brev(1U) == 0x80000000U;
  right += max(3, 5) == 5 && min(2.0F, 1.0F) == 1.0F && __float_as_int(1.0F) == 0x3F800000;
  out[lane] = right;
}

}  // namespace

void reverse_through_shared(cudaStream_t stream, float* out, const float* in, Version version) {
  launch(stream, dim3(1), dim3(256), 0, reverse_kernel, out, in, version == Version::kRight);
}
void rotate_in_warp(cudaStream_t stream, float* out, const float* in, Version version) {
  launch(stream, dim3(1), dim3(32), 0, rotate_kernel, out, in, version == Version::kRight);
}
void sum_in_warps(cudaStream_t stream, float* out, const float* in, Version version) {
  launch(stream, dim3(1), dim3(64), 0, warp_sum_kernel, out, in, version == Version::kRight);
}
void pipeline_without_trailing_barrier(cudaStream_t stream, float* out, const float* in, Version version) {
  launch(stream, dim3(1), dim3(64), 0, pipeline_kernel, out, in, version == Version::kRight);
}
void async_copy_without_wait(cudaStream_t stream, float* out, const float* in, Version version) {
  launch(stream, dim3(1), dim3(32), 0, async_copy_kernel, out, in, version == Version::kRight);
}
void barrier_in_a_branch(cudaStream_t stream, float* out, const float* in, Version version) {
  launch(stream, dim3(1), dim3(64), 0, branch_barrier_kernel, out, in, version == Version::kRight);
}
void barriers_of_two_branches(cudaStream_t stream, float* out, const float* in, Version version) {
  launch(stream, dim3(1), dim3(64), 0, two_barriers_kernel, out, in, version == Version::kRight);
}
void barrier_after_an_exit(cudaStream_t stream, float* out, const float* in, Version version) {
  launch(stream, dim3(1), dim3(64), 0, exit_kernel, out, in, version == Version::kRight);
}
void shuffle_in_a_branch(cudaStream_t stream, float* out, const float* in, Version version) {
  launch(stream, dim3(1), dim3(32), 0, branch_shuffle_kernel, out, in, version == Version::kRight);
}
void sum_between_blocks(cudaStream_t stream, int* out, int blocks, Version version) {
  launch(stream, dim3(static_cast<unsigned>(blocks)), dim3(1), 0, block_race_kernel, out,
         version == Version::kRight);
}
void read_shared_unwritten(cudaStream_t stream, float* out, Version version) {
  launch(stream, dim3(1), dim3(64), 64 * sizeof(float), unwritten_dynamic_kernel, out,
         version == Version::kRight);
}
void read_static_shared_unwritten(cudaStream_t stream, float* out, Version version) {
  launch(stream, dim3(4), dim3(64), 0, unwritten_static_kernel, out, version == Version::kRight);
}
void dynamic_shared_out_of_range(cudaStream_t stream, float* out, Version version) {
  launch(stream, dim3(1), dim3(32), 32 * sizeof(float), dynamic_range_kernel, out,
         version == Version::kRight ? 32 : 33);
}
void copy_values(cudaStream_t stream, float* out, const float* in, int count) {
  launch(stream, dim3(static_cast<unsigned>((count + 63) / 64)), dim3(64), 0, copy_kernel, out, in, count);
}
void add_value(cudaStream_t stream, float* out, float value, int count) {
  launch(stream, dim3(static_cast<unsigned>((count + 63) / 64)), dim3(64), 0, add_kernel, out, value, count);
}
void add_value_from_memory(cudaStream_t stream, float* out, const float* value, int count) {
  launch(stream, dim3(static_cast<unsigned>((count + 63) / 64)), dim3(64), 0, add_from_memory_kernel, out,
         value, count);
}
void count_intrinsics(cudaStream_t stream, int* out) {
  launch(stream, dim3(1), dim3(32), 0, intrinsics_kernel, out);
}

}  // namespace tpscale::virtual_gpu_test
