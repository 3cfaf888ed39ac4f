#pragma once
#include "backend/cuda/device/reduce.cuh"
#include "backend/cuda/device/rows.cuh"
#include "backend/cuda/skinny_linear/units.cuh"

namespace tpscale::cuda {

/// The same as TensorCoreTile for fp32, by multiply-adds: a lane sums its vectors' part of kTokens products
/// with each of its rows of weights, and its group of four adds up at the end.
template <int kRowTiles_, int kTokens_>
struct MultiplyAddTile {
  static constexpr int kRowTiles = kRowTiles_;
  static constexpr int kTokens = kTokens_;
  static constexpr int kUnitsAtOnce = kTokens >= 8 ? 1 : 4 / kRowTiles;

  float sums[kRowTiles][kTokens] = {};
  Rows<const float> x;
  int last_row;

  __device__ void point_at(Rows<const float> rows, int count, const Place& place) {
    x = {rows.first + place.lane * Vector<float>::kSize, rows.stride};
    last_row = count - 1;
  }

  __device__ void multiply(const Words (&weights)[kUnitsAtOnce][kUnitChunks][kRowTiles], int unit, int end) {
#pragma unroll
    for (int u = 0; u < kUnitsAtOnce; ++u) {
      const int mine = unit + u * kSkinnyWarps;
      if (mine >= end) break;
#pragma unroll
      for (int chunk = 0; chunk < kUnitChunks; ++chunk) {
        const int k = mine * kUnit<float> + chunk * kChunk<float>;
#pragma unroll
        for (int token = 0; token < kTokens; ++token) {
          add(weights[u][chunk], load_words(row_of(token) + k), token);
        }
      }
    }
  }

  __device__ void multiply_some(const Words (&weights)[kRowTiles], int k, int depth, const Place& place) {
#pragma unroll
    for (int token = 0; token < kTokens; ++token) {
      add(weights, load_some_words(row_of(token) + k, depth - k - place.lane * Vector<float>::kSize), token);
    }
  }

  __device__ void store(float* to, const Place& place) const {
    constexpr int kCols = kRowTiles * kGroupRows;
#pragma unroll
    for (int tile = 0; tile < kRowTiles; ++tile) {
#pragma unroll
      for (int token = 0; token < kTokens; ++token) {
        const float sum = sum_lanes(sums[tile][token], kGroupLanes);
        if (place.lane == 0) to[token * kCols + tile * kGroupRows + place.group] = sum;
      }
    }
  }

 private:
  __device__ const float* row_of(int token) const {
    return x[token < last_row ? token : last_row];
  }

  __device__ void add(const Words (&weights)[kRowTiles], const Words& input, int token) {
#pragma unroll
    for (int tile = 0; tile < kRowTiles; ++tile) {
#pragma unroll
      for (int i = 0; i < Vector<float>::kSize; ++i) {
        sums[tile][token] = fmaf(__uint_as_float(weights[tile].element[i]), __uint_as_float(input.element[i]),
                                 sums[tile][token]);
      }
    }
  }
};

}  // namespace tpscale::cuda
