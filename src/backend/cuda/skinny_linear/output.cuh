#pragma once
#include "backend/cuda/device/rows.cuh"
#include "backend/cuda/device/silu.cuh"
#include "backend/cuda/skinny_linear/units.cuh"

namespace tpscale::cuda {

/// What becomes of the products: they are stored.
template <class T>
struct LinearOutput {
  Rows<T> out;
  const float* bias;
  int cols;  ///< of out: N
  static constexpr int kTilesPerCol = 1;

  /// The row of weights that row `row` of tile `tile` stands for; the last one where there is none.
  __device__ int weight_row(int first_col, int tile, int row) const {
    const int col = first_col + tile * kGroupRows + row;
    return col < cols ? col : cols - 1;
  }
  /// sum_of(c): the product of a token with weight row c of the block, counted tile by tile.
  template <class Sum>
  __device__ void store(int token, int first_col, int col, Sum&& sum_of) const {
    const float sum = sum_of(col);
    const int to = first_col + col;
    out[token][to] = from_float<T>(bias == nullptr ? sum : sum + bias[to]);
  }
};

/// Rows of weights come in two halves, gates and values; even tiles are of the first, odd ones of the second.
/// The product is rounded before the activation, as if it had been stored.
template <class T>
struct SiluOutput {
  Rows<T> out;
  const float* bias;
  int cols;  ///< of out: N / 2
  static constexpr int kTilesPerCol = 2;

  __device__ int weight_row(int first_col, int tile, int row) const {
    const int col = first_col + tile / 2 * kGroupRows + row;
    return (col < cols ? col : cols - 1) + (tile % 2 == 0 ? 0 : cols);
  }
  template <class Sum>
  __device__ void store(int token, int first_col, int col, Sum&& sum_of) const {
    const int to = first_col + col;
    const int gate_place = col / kGroupRows * 2 * kGroupRows + col % kGroupRows;
    float gate = sum_of(gate_place);
    float up = sum_of(gate_place + kGroupRows);
    if (bias != nullptr) {
      gate += bias[to];
      up += bias[cols + to];
    }
    out[token][to] = from_float<T>(silu(rounded_to<T>(gate)) * rounded_to<T>(up));
  }
};

}  // namespace tpscale::cuda
