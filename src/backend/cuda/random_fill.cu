#include <algorithm>

#include "backend/cuda/device/element.cuh"
#include "backend/cuda/device/launch.cuh"
#include "backend/cuda/random_fill.h"

namespace tpscale::cuda {
namespace {

constexpr unsigned kThreads = 256;
constexpr std::int64_t kMostBlocks = 1 << 16;

/// The finalizer of MurmurHash3 (32 bits, Austin Appleby, public domain): every bit of the index moves every
/// bit of the value.
__device__ std::uint32_t scrambled(std::uint32_t h) {
  h ^= h >> 16;
  h *= 0x85EBCA6BU;
  h ^= h >> 13;
  h *= 0xC2B2AE35U;
  return h ^ (h >> 16);
}

template <class T>
__global__ void fill(T* data, std::int64_t size) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < size;
       i += step) {
    const auto bits = static_cast<std::int32_t>(scrambled(static_cast<std::uint32_t>(i + 1)));
    data[i] = from_float<T>(static_cast<float>(bits) * (1.0F / 2147483648.0F));
  }
}

}  // namespace

void fill_random(cudaStream_t stream, void* data, std::int64_t size, Dtype dtype) {
  if (size == 0) return;
  const auto blocks = static_cast<unsigned>(std::min((size + kThreads - 1) / kThreads, kMostBlocks));
  dispatch_element(dtype, [&](auto element) {
    using T = decltype(element);
    launch(stream, dim3(blocks), dim3(kThreads), 0, fill<T>, static_cast<T*>(data), size);
  });
}

}  // namespace tpscale::cuda
