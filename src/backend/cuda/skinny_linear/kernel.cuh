#pragma once
#include "backend/cuda/device/rows.cuh"
#include "backend/cuda/skinny_linear/units.cuh"

namespace tpscale::cuda {

/// A block computes all tokens' products with Tile::kRowTiles * 8 rows of weights. Its warps divide the depth
/// between them and their sums are added in the order of the warps. The first weights are under way before
/// the input is made.
template <class T, class Tile, class Input, class Output>
__global__ void __launch_bounds__(kSkinnyThreads, 2)
    skinny_linear_kernel(Rows<const T> weights, int depth, Input input, Output output) {
  constexpr int kRows = Tile::kRowTiles * kGroupRows;
  constexpr int kCols = kRows / Output::kTilesPerCol;
  __shared__ float sums[kSkinnyWarps][Tile::kTokens * kRows];
  const Place place;
  const int first_col = static_cast<int>(blockIdx.x) * kCols;
  const T* rows[Tile::kRowTiles];
#pragma unroll
  for (int tile = 0; tile < Tile::kRowTiles; ++tile) {
    rows[tile] = weights[output.weight_row(first_col, tile, place.group)] + place.lane * Vector<T>::kSize;
  }

  const int whole_units = input.vectors ? depth / kUnit<T> : 0;
  Words batch[Tile::kUnitsAtOnce][kUnitChunks][Tile::kRowTiles];
  const auto load = [&](int unit) {
#pragma unroll
    for (int u = 0; u < Tile::kUnitsAtOnce; ++u) {
#pragma unroll
      for (int chunk = 0; chunk < kUnitChunks; ++chunk) {
#pragma unroll
        for (int tile = 0; tile < Tile::kRowTiles; ++tile) {
          const int mine = unit + u * kSkinnyWarps;
          if (mine < whole_units) {
            batch[u][chunk][tile] = load_words(rows[tile] + mine * kUnit<T> + chunk * kChunk<T>);
          }
        }
      }
    }
  };

  Tile tile;
  load(place.warp);
  tile.point_at(input.prepare(depth), input.rows, place);
  int unit = place.warp;
  while (unit < whole_units) {
    tile.multiply(batch, unit, whole_units);
    unit += Tile::kUnitsAtOnce * kSkinnyWarps;
    load(unit);
  }
  // What is no whole unit, and everything where x does not lie on vectors. The warp's next unit comes first,
  // so the order is the same.
  unit = whole_units + (place.warp - whole_units) % kSkinnyWarps;
  if (unit < whole_units) unit += kSkinnyWarps;
  for (; unit * kUnit<T> < depth; unit += kSkinnyWarps) {
#pragma unroll
    for (int chunk = 0; chunk < kUnitChunks; ++chunk) {
      const int k = unit * kUnit<T> + chunk * kChunk<T>;
      const bool there = k + place.lane * Vector<T>::kSize < depth;
      Words some[Tile::kRowTiles];
#pragma unroll
      for (int i = 0; i < Tile::kRowTiles; ++i) some[i] = there ? load_words(rows[i] + k) : Words{};
      tile.multiply_some(some, k, depth, place);
    }
  }

  tile.store(sums[place.warp], place);
  __syncthreads();
  for (int i = static_cast<int>(threadIdx.x); i < input.rows * kCols; i += kSkinnyThreads) {
    const int token = i / kCols;
    const int col = i % kCols;
    if (first_col + col >= output.cols) continue;
    output.store(token, first_col, col, [&](int row) {
      float sum = 0.0F;
#pragma unroll
      for (int warp = 0; warp < kSkinnyWarps; ++warp) sum += sums[warp][token * kRows + row];
      return sum;
    });
  }
}

}  // namespace tpscale::cuda
