#pragma once
#include "backend/cuda/device/ptx.cuh"
#include "backend/cuda/device/reduce.cuh"
#include "backend/cuda/device/rows.cuh"
#include "backend/cuda/skinny_linear/units.cuh"

namespace tpscale::cuda {

/// Rows of x as they lie in memory.
template <class T>
struct PlainInput {
  Rows<const T> x;
  int rows;
  bool vectors;  ///< every row begins at a multiple of 16 bytes

  __device__ Rows<const T> prepare(int /*depth*/) const { return x; }
};

inline constexpr int kMostNormedRows = 4;

/// Rows of rms_norm(residual + added), made by each block in its shared memory. Thread by thread the sums are
/// those of the kernel of rms_norm.cu, so the bits are the same.
template <class T>
struct NormedInput {
  Rows<const T> residual;
  Rows<const T> added;
  Rows<T> new_residual;
  const float* weight;
  float epsilon;
  int rows;
  static constexpr bool vectors = true;

  __device__ Rows<const T> prepare(int depth) const {
    constexpr int kWidth = Vector<T>::kSize;
    __shared__ float of_warps[kMostNormedRows][kMaxWarps];
    const Rows<T> normed{dynamic_shared<T>(), depth};
    float squares[kMostNormedRows] = {};
#pragma unroll
    for (int row = 0; row < kMostNormedRows; ++row) {
      if (row < rows) squares[row] = sum_and_square(normed[row], row, depth);
    }
    // A warp behind the end of the rows has nothing to add up.
    const bool has_some = static_cast<int>(threadIdx.x) / kWarpSize * kWarpSize * kWidth < depth;
#pragma unroll
    for (int row = 0; row < kMostNormedRows; ++row) {
      if (row >= rows) break;
      const float sum = has_some ? sum_lanes(squares[row]) : 0.0F;
      if (threadIdx.x % kWarpSize == 0) of_warps[row][threadIdx.x / kWarpSize] = sum;
    }
    __syncthreads();
    for (int row = 0; row < rows; ++row) {
      float total = 0.0F;
      for (int warp = 0; warp < kSkinnyWarps; ++warp) total += of_warps[row][warp];
      const float scale = 1.0F / sqrtf(total / static_cast<float>(depth) + epsilon);
      for (int col = static_cast<int>(threadIdx.x) * kWidth; col < depth; col += kSkinnyThreads * kWidth) {
        float values[kWidth];
        float weights[kWidth];
        load_floats(values, normed[row] + col);
        load_floats(weights, weight + col);
#pragma unroll
        for (int i = 0; i < kWidth; ++i) values[i] = values[i] * scale * weights[i];
        store_floats(normed[row] + col, values);
      }
    }
    __syncthreads();
    return {normed.first, normed.stride};
  }

 private:
  /// The thread's part of a row of sums, into shared memory; returns their squares' sum.
  __device__ float sum_and_square(T* to, int row, int depth) const {
    constexpr int kWidth = Vector<T>::kSize;
    float squares = 0.0F;
    for (int col = static_cast<int>(threadIdx.x) * kWidth; col < depth; col += kSkinnyThreads * kWidth) {
      float values[kWidth];
      float more[kWidth];
      load_floats(values, residual[row] + col);
      load_floats(more, added[row] + col);
#pragma unroll
      for (int i = 0; i < kWidth; ++i) values[i] = rounded_to<T>(values[i] + more[i]);
      if (blockIdx.x == 0) store_floats(new_residual[row] + col, values);
      store_floats(to + col, values);
#pragma unroll
      for (int i = 0; i < kWidth; ++i) squares += values[i] * values[i];
    }
    return squares;
  }
};

}  // namespace tpscale::cuda
