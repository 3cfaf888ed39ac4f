#pragma once
#include "backend/cuda/device/ptx.cuh"
#include "backend/cuda/device/rows.cuh"
#include "backend/cuda/skinny_linear/units.cuh"

namespace tpscale::cuda {

/// Products of up to kTokens rows of x (8, 16 or 32) with kRowTiles * 8 rows of weights in the accumulators
/// of one warp, for 16-bit elements: mma.m16n8k16 with x as the first operand. A lane's vector holds eight
/// neighbouring elements where the instruction wants four pairs from all over the chunk; as x and weights are
/// read alike, that only renames the elements of the sum.
template <class T, int kRowTiles_, int kTokens_>
struct TensorCoreTile {
  static constexpr int kRowTiles = kRowTiles_;
  static constexpr int kTokens = kTokens_;
  static constexpr int kTokenGroups = kTokens / kGroupRows;
  static constexpr int kProducts = (kTokenGroups + 1) / 2;  ///< of 16 rows of x
  /// Units in flight at once: eight vectors of weights a lane, fewer where x takes the registers.
  static constexpr int kWider = kRowTiles > kTokenGroups ? kRowTiles : kTokenGroups;
  static constexpr int kUnitsAtOnce = kWider >= 4 ? 1 : 4 / kWider;

  float sums[kProducts][kRowTiles][4] = {};
  const T* x_rows[kTokenGroups];

  /// Rows behind the last are the last once more: their products are nobody's.
  __device__ void point_at(Rows<const T> x, int rows, const Place& place) {
#pragma unroll
    for (int i = 0; i < kTokenGroups; ++i) {
      const int row = i * kGroupRows + place.group;
      x_rows[i] = x[row < rows ? row : rows - 1] + place.lane * Vector<T>::kSize;
    }
  }

  /// Units `unit`, unit + kSkinnyWarps, ... of those below `end`; whole vectors of x. All of x is asked for
  /// before the first product, unless that takes too many registers.
  __device__ void multiply(const Words (&weights)[kUnitsAtOnce][kUnitChunks][kRowTiles], int unit, int end) {
    constexpr int kUnitsAhead = kTokenGroups < 4 ? kUnitsAtOnce : 1;
    constexpr int kChunksAhead = kTokenGroups < 4 ? kUnitChunks : 1;
#pragma unroll
    for (int u = 0; u < kUnitsAtOnce; u += kUnitsAhead) {
#pragma unroll
      for (int first = 0; first < kUnitChunks; first += kChunksAhead) {
        Words x[kUnitsAhead][kChunksAhead][kTokenGroups];
#pragma unroll
        for (int i = 0; i < kUnitsAhead * kChunksAhead * kTokenGroups; ++i) {
          const int group = i % kTokenGroups;
          const int chunk = i / kTokenGroups % kChunksAhead;
          const int ahead = i / kTokenGroups / kChunksAhead;
          const int mine = unit + (u + ahead) * kSkinnyWarps;
          x[ahead][chunk][group] = Words{};
          if (mine < end) {
            x[ahead][chunk][group] =
                load_words(x_rows[group] + mine * kUnit<T> + (first + chunk) * kChunk<T>);
          }
        }
#pragma unroll
        for (int i = 0; i < kUnitsAhead * kChunksAhead; ++i) {
          const int chunk = i % kChunksAhead;
          const int ahead = i / kChunksAhead;
          if (unit + (u + ahead) * kSkinnyWarps >= end) break;
          multiply_chunk(weights[u + ahead][first + chunk], x[ahead][chunk]);
        }
      }
    }
  }

  /// One chunk from element k on, of a row of `depth` elements: any address of x, zeros behind its end.
  __device__ void multiply_some(const Words (&weights)[kRowTiles], int k, int depth, const Place& place) {
    Words x[kTokenGroups];
#pragma unroll
    for (int i = 0; i < kTokenGroups; ++i) {
      x[i] = load_some_words(x_rows[i] + k, depth - k - place.lane * Vector<T>::kSize);
    }
    multiply_chunk(weights, x);
  }

  /// The warp's sums as [kTokens][kRowTiles * 8].
  __device__ void store(float* to, const Place& place) const {
    constexpr int kCols = kRowTiles * kGroupRows;
#pragma unroll
    for (int product = 0; product < kProducts; ++product) {
#pragma unroll
      for (int tile = 0; tile < kRowTiles; ++tile) {
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          const int token = product * 16 + place.group + i / 2 * kGroupRows;
          const int col = tile * kGroupRows + place.lane * 2 + i % 2;
          if (product * 16 + i / 2 * kGroupRows < kTokens) to[token * kCols + col] = sums[product][tile][i];
        }
      }
    }
  }

 private:
  __device__ void multiply_chunk(const Words (&weights)[kRowTiles], const Words (&x)[kTokenGroups]) {
#pragma unroll
    for (int half = 0; half < 4; half += 2) {
#pragma unroll
      for (int product = 0; product < kProducts; ++product) {
        std::uint32_t a[4] = {x[product * 2].element[half], 0, x[product * 2].element[half + 1], 0};
        if constexpr (kTokenGroups > 1) {
          a[1] = x[product * 2 + 1].element[half];
          a[3] = x[product * 2 + 1].element[half + 1];
        }
#pragma unroll
        for (int tile = 0; tile < kRowTiles; ++tile) {
          multiply_add<T>(sums[product][tile], a, weights[tile].element[half],
                          weights[tile].element[half + 1]);
        }
      }
    }
  }
};

}  // namespace tpscale::cuda
