#include "backend/cuda/device/launch.cuh"
#include "backend/cuda/probe_kernels.h"

namespace tpscale::cuda {
namespace {

constexpr int kReadThreads = 256;
constexpr int kReadsInFlight = 8;
constexpr int kChains = 16;  // more than the latency of a multiply-add, four threads a scheduler's slot
constexpr int kStepsARound = 8;

/// Every block takes tiles of kReadThreads * kReadsInFlight words of 16 bytes.
__global__ __launch_bounds__(kReadThreads) void read_words(std::uint32_t* checksums, const uint4* data,
                                                           std::int64_t words) {
  constexpr std::int64_t kTile = kReadThreads * kReadsInFlight;
  std::uint32_t sum = 0;
  for (std::int64_t tile = blockIdx.x * kTile; tile < words; tile += gridDim.x * kTile) {
    uint4 word[kReadsInFlight];
#pragma unroll
    for (int i = 0; i < kReadsInFlight; ++i) {
      const std::int64_t at = tile + i * kReadThreads + threadIdx.x;
      word[i] = at < words ? data[at] : uint4{0, 0, 0, 0};
    }
#pragma unroll
    for (int i = 0; i < kReadsInFlight; ++i) sum ^= word[i].x ^ word[i].y ^ word[i].z ^ word[i].w;
  }
  // A sum no data gives: the store is never made, and the compiler cannot know it.
  if (sum == 0x9E3779B9U) checksums[blockIdx.x] = sum;
}

__global__ __launch_bounds__(kMultiplyAddThreads) void multiply_add_chains(float* checksums,
                                                                           std::int64_t rounds) {
  const float factor = 0.999F;
  const float summand = 0.001F * static_cast<float>(threadIdx.x);
  float chain[kChains];
#pragma unroll
  for (int i = 0; i < kChains; ++i) chain[i] = static_cast<float>(i);
  for (std::int64_t round = 0; round < rounds; ++round) {
#pragma unroll
    for (int step = 0; step < kStepsARound; ++step) {
#pragma unroll
      for (int i = 0; i < kChains; ++i) chain[i] = fmaf(chain[i], factor, summand);
    }
  }
  float sum = 0.0F;
#pragma unroll
  for (int i = 0; i < kChains; ++i) sum += chain[i];
  checksums[static_cast<std::int64_t>(blockIdx.x) * kMultiplyAddThreads + threadIdx.x] = sum;
}

}  // namespace

int read_blocks(int multiprocessors) noexcept {
  return multiprocessors * 8;
}

void read_all(cudaStream_t stream, std::uint32_t* checksums, const void* data, std::size_t bytes,
              int blocks) {
  launch(stream, dim3(static_cast<unsigned>(blocks)), dim3(kReadThreads), 0, read_words, checksums,
         static_cast<const uint4*>(data), static_cast<std::int64_t>(bytes / sizeof(uint4)));
}

int multiply_add_blocks(int multiprocessors) noexcept {
  return multiprocessors * 8;
}

void multiply_add(cudaStream_t stream, float* checksums, int blocks, std::int64_t rounds) {
  launch(stream, dim3(static_cast<unsigned>(blocks)), dim3(kMultiplyAddThreads), 0, multiply_add_chains,
         checksums, rounds);
}

double multiply_add_flops(int blocks, std::int64_t rounds) noexcept {
  return 2.0 * kChains * kStepsARound * static_cast<double>(rounds) * kMultiplyAddThreads * blocks;
}

}  // namespace tpscale::cuda
