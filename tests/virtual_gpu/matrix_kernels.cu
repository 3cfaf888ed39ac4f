#include "backend/cuda/device/launch.cuh"
#include "backend/cuda/device/ptx.cuh"
#include "virtual_gpu/matrix_kernels.h"

namespace tpscale::virtual_gpu_test {
namespace {

using cuda::launch;

__global__ void load_kernel(std::uint32_t* pairs, const std::uint16_t* rows, bool transposed) {
  auto* shared = cuda::dynamic_shared<std::uint16_t>();
  for (int i = 0; i < 8; ++i) shared[threadIdx.x * 8 + i] = rows[threadIdx.x * 8 + i];
  __syncwarp();
  std::uint32_t matrix[4];
  if (transposed) {
    cuda::load_matrices_transposed(matrix, shared + threadIdx.x * 8);
  } else {
    cuda::load_matrices(matrix, shared + threadIdx.x * 8);
  }
  for (int i = 0; i < 4; ++i) pairs[threadIdx.x * 4 + i] = matrix[i];
}

template <class T>
__global__ void fragments_kernel(float* c, const std::uint32_t* a, const std::uint32_t* b) {
  std::uint32_t left[4];
  float sum[4];
  for (int i = 0; i < 4; ++i) {
    left[i] = a[threadIdx.x * 4 + i];
    sum[i] = c[threadIdx.x * 4 + i];
  }
  cuda::multiply_add<T>(sum, left, b[threadIdx.x * 2], b[threadIdx.x * 2 + 1]);
  for (int i = 0; i < 4; ++i) c[threadIdx.x * 4 + i] = sum[i];
}

__global__ void product_kernel(float* c, const std::uint16_t* a, const std::uint16_t* b,
                               bool b_is_transposed) {
  auto* left = cuda::dynamic_shared<std::uint16_t>();
  std::uint16_t* right = left + 256;
  const auto lane = static_cast<int>(threadIdx.x);
  for (int i = lane; i < 256; i += 32) {
    left[i] = a[i];
    right[i] = b[i];
  }
  __syncwarp();
  std::uint32_t of_a[4];
  std::uint32_t of_b[4];
  cuda::load_matrices(of_a, left + lane % 16 * 16 + lane / 16 * 8);
  if (b_is_transposed) {
    cuda::load_matrices(of_b, right + (lane / 16 * 8 + lane % 8) * 16 + lane / 8 % 2 * 8);
  } else {
    cuda::load_matrices_transposed(of_b, right + lane % 16 * 16 + lane / 16 * 8);
  }
  for (int half = 0; half < 2; ++half) {
    float sum[4] = {};
    cuda::multiply_add<__nv_bfloat16>(sum, of_a, of_b[2 * half], of_b[2 * half + 1]);
    for (int i = 0; i < 4; ++i) {
      c[(lane / 4 + i / 2 * 8) * 16 + half * 8 + lane % 4 * 2 + i % 2] = sum[i];
    }
  }
}

__global__ void copy_kernel(uint4* out, const uint4* in, int valid) {
  auto* shared = cuda::dynamic_shared<uint4>();
  const auto thread = static_cast<int>(threadIdx.x);
  cuda::copy_async_16(shared + thread, in + (thread < valid ? thread : 0), thread < valid);
  cuda::copy_async_commit();
  cuda::copy_async_wait<0>();
  __syncthreads();
  const auto last = static_cast<int>(blockDim.x) - 1;
  out[thread] = shared[last - thread];
}

}  // namespace

void load_matrices(std::uint32_t* pairs, const std::uint16_t* rows, bool transposed) {
  launch(nullptr, dim3(1), dim3(32), 512, load_kernel, pairs, rows, transposed);
}

void multiply_fragments(float* c, const std::uint16_t* a, const std::uint16_t* b, Dtype dtype) {
  const auto* left = reinterpret_cast<const std::uint32_t*>(a);
  const auto* right = reinterpret_cast<const std::uint32_t*>(b);
  const auto kernel = dtype == Dtype::kBF16 ? fragments_kernel<__nv_bfloat16> : fragments_kernel<__half>;
  launch(nullptr, dim3(1), dim3(32), 0, kernel, c, left, right);
}

void multiply_matrices(float* c, const std::uint16_t* a, const std::uint16_t* b, bool b_is_transposed) {
  launch(nullptr, dim3(1), dim3(32), 1024, product_kernel, c, a, b, b_is_transposed);
}

void copy_through_shared(std::uint32_t* out, const std::uint32_t* in, int threads, int valid) {
  launch(nullptr, dim3(1), dim3(static_cast<unsigned>(threads)), static_cast<std::size_t>(threads) * 16,
         copy_kernel, reinterpret_cast<uint4*>(out), reinterpret_cast<const uint4*>(in), valid);
}

}  // namespace tpscale::virtual_gpu_test
