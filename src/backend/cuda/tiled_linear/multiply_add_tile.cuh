#pragma once
#include "backend/cuda/tiled_linear/stage.cuh"

namespace tpscale::cuda::tiled {

/// The same for fp32, by multiply-adds: a thread takes every 16th token with every 16th row of weights, and
/// sums each product in the order of the depth.
template <int kTokens_, int kWeightRows_>
struct MultiplyAddTile {
  static constexpr int kTokens = kTokens_;
  static constexpr int kWeightRows = kWeightRows_;
  static constexpr int kBlocks = 2;
  static constexpr int kWeightStages = 4;

  __device__ void multiply(const float* input, const float* weights, int tokens) {
    const float* tokens_from = input + token_ * kPitch<float>;
    const float* weights_from = weights + weight_ * kPitch<float>;
    if (token_ >= tokens) return;
#pragma unroll 2
    for (int k = 0; k < kStageDepth<float>; k += kWidth<float>) {
      Vector<float> b[kWeightParts];
#pragma unroll
      for (int n = 0; n < kWeightParts; ++n) b[n] = load_vector(weights_from + n * kSide * kPitch<float> + k);
#pragma unroll
      for (int m = 0; m < kTokenParts; ++m) {
        const Vector<float> a = load_vector(tokens_from + m * kSide * kPitch<float> + k);
#pragma unroll
        for (int n = 0; n < kWeightParts; ++n) {
#pragma unroll
          for (int i = 0; i < kWidth<float>; ++i) {
            sums_[m][n] = fmaf(a.element[i], b[n].element[i], sums_[m][n]);
          }
        }
      }
    }
  }

  /// As [kTokens][pitch].
  __device__ void store(float* to, int pitch) const {
#pragma unroll
    for (int m = 0; m < kTokenParts; ++m) {
#pragma unroll
      for (int n = 0; n < kWeightParts; ++n) {
        to[(token_ + m * kSide) * pitch + weight_ + n * kSide] = sums_[m][n];
      }
    }
  }

 private:
  static constexpr int kSide = 16;
  static constexpr int kTokenParts = kTokens / kSide;
  static constexpr int kWeightParts = kWeightRows / kSide;

  int token_ = static_cast<int>(threadIdx.x) / kSide;
  int weight_ = static_cast<int>(threadIdx.x) % kSide;
  float sums_[kTokenParts][kWeightParts] = {};
};

}  // namespace tpscale::cuda::tiled
