#pragma once
#include <cuda_runtime.h>

#include <cstdint>

namespace tpscale::cuda {

inline constexpr unsigned kWholeWarp = 0xFFFFFFFFU;
inline constexpr int kWarpSize = 32;
inline constexpr int kMaxWarps = 8;  ///< of a block: no kernel has more than 256 threads

/// Sum over `lanes` neighbouring lanes (a power of two), in every one of them. All lanes of the warp take
/// part. The order is that of a butterfly: the same for every lane, so all get the same bits.
__device__ inline float sum_lanes(float value, int lanes = kWarpSize) {
  for (int step = lanes / 2; step > 0; step /= 2) value += __shfl_xor_sync(kWholeWarp, value, step);
  return value;
}

/// Sum over the block, in every thread; the warps are added in order. All threads take part. Ends behind a
/// barrier, and begins with none: a block that calls it twice passes another `of_warps`, or puts a barrier
/// between.
__device__ inline float sum_block(float value, float* of_warps) {
  const int warps = static_cast<int>(blockDim.x) / kWarpSize;
  value = sum_lanes(value);
  if (threadIdx.x % kWarpSize == 0) of_warps[threadIdx.x / kWarpSize] = value;
  __syncthreads();
  float total = 0.0F;
  for (int warp = 0; warp < warps; ++warp) total += of_warps[warp];
  return total;
}

/// A value and its index as one number to take the maximum of: the largest value wins, of equal ones the
/// lowest index. A NaN loses against everything that is none; 0 loses against every candidate.
struct Candidate {
  std::uint32_t rank = 0;  ///< grows with the value
  std::uint32_t index = ~0U;

  __device__ unsigned long long packed() const {
    return (static_cast<unsigned long long>(rank) << 32U) | (~index & 0xFFFFFFFFU);
  }
  __device__ static std::int32_t index_of(unsigned long long packed) {
    return static_cast<std::int32_t>(~static_cast<std::uint32_t>(packed & 0xFFFFFFFFU));
  }
};

/// The bits of a float in an order that unsigned numbers have, -0 equal to 0; 0 for a NaN.
__device__ inline std::uint32_t rank_of(float value) {
  if (value != value) return 0;
  const std::uint32_t bits = __float_as_uint(value + 0.0F);
  return (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
}

__device__ inline unsigned long long max_lanes(unsigned long long value) {
  for (int step = kWarpSize / 2; step > 0; step /= 2) {
    const unsigned long long other = __shfl_xor_sync(kWholeWarp, value, step);
    value = other > value ? other : value;
  }
  return value;
}

/// Largest over the block, in every thread. All threads take part; see sum_block for the barriers.
__device__ inline unsigned long long max_block(unsigned long long value, unsigned long long* of_warps) {
  const int warps = static_cast<int>(blockDim.x) / kWarpSize;
  value = max_lanes(value);
  if (threadIdx.x % kWarpSize == 0) of_warps[threadIdx.x / kWarpSize] = value;
  __syncthreads();
  for (int warp = 0; warp < warps; ++warp) value = of_warps[warp] > value ? of_warps[warp] : value;
  return value;
}

}  // namespace tpscale::cuda
