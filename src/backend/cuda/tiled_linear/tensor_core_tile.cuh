#pragma once
#include "backend/cuda/device/ptx.cuh"
#include "backend/cuda/tiled_linear/stage.cuh"

namespace tpscale::cuda::tiled {

/// Products of kTokens rows of input (32, 64 or 128) with kWeightRows rows of weights (64 or 128), for 16-bit
/// elements: two warps share the tokens, four the weights.
template <class T, int kTokens_, int kWeightRows_>
struct TensorCoreTile {
  static constexpr int kTokens = kTokens_;
  static constexpr int kWeightRows = kWeightRows_;
  static constexpr int kBlocks = kTokens < 128 ? 2 : 1;  ///< a multiprocessor, as far as registers go
  /// Stages of weights in shared memory, all but one on their way. The largest tile has to fit into the 99
  /// KiB of a block on compute capability 8.6 and 8.9.
  static constexpr int kWeightStages = kTokens == 128 && kWeightRows == 128 ? 3 : 4;

  __device__ void multiply(const T* input, const T* weights, int tokens) {
    if (first_token_ >= tokens) return;
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const T* input_lane = input + (first_token_ + lane % 16) * kPitch<T> + lane / 16 * 8;
    const T* weight_lane =
        weights + (first_weight_ + lane / 16 * 8 + lane % 8) * kPitch<T> + lane / 8 % 2 * 8;
#pragma unroll
    for (int k = 0; k < kStageDepth<T>; k += 16) {
      std::uint32_t a[kTokenTiles][4];
#pragma unroll
      for (int m = 0; m < kTokenTiles; ++m) load_matrices(a[m], input_lane + m * 16 * kPitch<T> + k);
#pragma unroll
      for (int n = 0; n < kWeightTiles; n += 2) {
        std::uint32_t b[4];
        load_matrices(b, weight_lane + n * 8 * kPitch<T> + k);
#pragma unroll
        for (int m = 0; m < kTokenTiles; ++m) {
          multiply_add<T>(sums_[m][n], a[m], b[0], b[1]);
          multiply_add<T>(sums_[m][n + 1], a[m], b[2], b[3]);
        }
      }
    }
  }

  /// As [kTokens][pitch].
  __device__ void store(float* to, int pitch) const {
    const int lane = static_cast<int>(threadIdx.x) % 32;
#pragma unroll
    for (int m = 0; m < kTokenTiles; ++m) {
#pragma unroll
      for (int n = 0; n < kWeightTiles; ++n) {
#pragma unroll
        for (int i = 0; i < 4; i += 2) {
          const int token = first_token_ + m * 16 + lane / 4 + i / 2 * 8;
          const int col = first_weight_ + n * 8 + lane % 4 * 2;
          *reinterpret_cast<float2*>(to + token * pitch + col) = {sums_[m][n][i], sums_[m][n][i + 1]};
        }
      }
    }
  }

 private:
  static constexpr int kTokenTiles = kTokens / 2 / 16;
  static constexpr int kWeightTiles = kWeightRows / 4 / 8;

  int first_token_ = static_cast<int>(threadIdx.x) / 32 % 2 * (kTokens / 2);
  int first_weight_ = static_cast<int>(threadIdx.x) / 64 * (kWeightRows / 4);
  float sums_[kTokenTiles][kWeightTiles][4] = {};
};

}  // namespace tpscale::cuda::tiled
