#pragma once
#include "backend/cuda/device/rows.cuh"
#include "backend/cuda/device/silu.cuh"
#include "backend/cuda/tiled_linear/stage.cuh"

namespace tpscale::cuda::tiled {

/// What becomes of the products of a block's rows with kCols rows of weights: they are stored, or, with
/// `silu`, the first half of them are gates and the second half values.
template <class T>
struct Output {
  Rows<T> out;
  const float* bias;
  int cols;  ///< of out
  bool silu;
  bool vectors;  ///< every row of out begins at a multiple of 16 bytes

  __device__ int cols_of_block(int weight_rows) const { return silu ? weight_rows / 2 : weight_rows; }

  /// The row of weights that row `local` of the block stands for; the last one where there is none.
  __device__ int weight_row(int block, int local, int weight_rows) const {
    const int own = cols_of_block(weight_rows);
    const int col = block * own + local % own;
    return (col < cols ? col : cols - 1) + local / own * cols;
  }

  /// `sums`: the block's products, a row of weight_rows + kSumsPadding for each of its `rows` tokens.
  __device__ void store(const float* sums, const float* scales, int first_token, int rows, int block,
                        int weight_rows) const {
    const int own = cols_of_block(weight_rows);
    const int vectors_of_row = own / kWidth<T>;
    for (int i = static_cast<int>(threadIdx.x); i < rows * vectors_of_row; i += kThreads) {
      const int token = i / vectors_of_row;
      const int local = i % vectors_of_row * kWidth<T>;
      const int col = block * own + local;
      const float* from = sums + token * (weight_rows + kSumsPadding) + local;
      float values[kWidth<T>];
#pragma unroll
      for (int e = 0; e < kWidth<T>; ++e) {
        const bool there = bias != nullptr && col + e < cols;
        values[e] = from[e] * scales[token] + (there ? bias[col + e] : 0.0F);
        if (silu) {
          const float up = from[own + e] * scales[token] + (there ? bias[cols + col + e] : 0.0F);
          values[e] = tpscale::cuda::silu(rounded_to<T>(values[e])) * rounded_to<T>(up);
        }
      }
      T* to = out[first_token + token] + col;
      if (vectors && col + kWidth<T> <= cols) {
        store_floats(to, values);
        continue;
      }
#pragma unroll
      for (int e = 0; e < kWidth<T>; ++e) {
        if (col + e < cols) to[e] = from_float<T>(values[e]);
      }
    }
  }

  static constexpr int kSumsPadding = 4;
};

}  // namespace tpscale::cuda::tiled
