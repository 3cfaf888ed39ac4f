#pragma once
#include "backend/cuda/cuda_linear_weights.h"
#include "backend/cuda/device/launch.cuh"
#include "backend/cuda/skinny_linear/input.cuh"
#include "backend/cuda/skinny_linear/kernel.cuh"
#include "backend/cuda/skinny_linear/multiply_add_tile.cuh"
#include "backend/cuda/skinny_linear/output.cuh"
#include "backend/cuda/skinny_linear/tensor_core_tile.cuh"
#include "core/check.h"

namespace tpscale::cuda {

/// Multiprocessors the grid is made for, an H100's. On another card the grid fits a little less well; the
/// results are the same.
inline constexpr std::int64_t kPlannedMultiprocessors = 132;

/// Tiles of eight rows of weights a block takes: as many as leave every multiprocessor two blocks, since x is
/// read again for every block; four blocks before it takes the most.
inline int row_tiles_for(std::int64_t weight_rows, int token_groups) {
  const std::int64_t tiles = weight_rows / kGroupRows;
  if (tiles >= 16 * kPlannedMultiprocessors) return 4;
  if (tiles >= 4 * kPlannedMultiprocessors)
    return token_groups >= 4 && tiles >= 8 * kPlannedMultiprocessors ? 4 : 2;
  return token_groups >= 2 && tiles >= 2 * kPlannedMultiprocessors ? 2 : 1;
}

template <class T, class Tile, class Input, class Output>
void launch_tile(cudaStream_t stream, const CudaLinearWeights& weights, const Input& input,
                 const Output& output, std::size_t shared_bytes) {
  constexpr int kCols = Tile::kRowTiles * kGroupRows / Output::kTilesPerCol;
  const Rows<const T> rows{static_cast<const T*>(weights.data()), weights.row_stride()};
  launch(stream, dim3(blocks_for(output.cols, kCols)), dim3(kSkinnyThreads), shared_bytes,
         skinny_linear_kernel<T, Tile, Input, Output>, rows, static_cast<int>(weights.in_features()), input,
         output);
}

template <class T, int kRowTiles, int kMostTokens, class Input, class Output>
void launch_tokens(cudaStream_t stream, const CudaLinearWeights& weights, const Input& input,
                   const Output& output, std::size_t shared_bytes) {
  const auto run = [&](auto tile) {
    launch_tile<T, decltype(tile)>(stream, weights, input, output, shared_bytes);
  };
  if constexpr (sizeof(T) == 4) {
    if (input.rows == 1) return run(MultiplyAddTile<kRowTiles, 1>{});
    if constexpr (kMostTokens > 4) {
      if (input.rows > 4) return run(MultiplyAddTile<kRowTiles, 8>{});
    }
    return run(MultiplyAddTile<kRowTiles, 4>{});
  } else {
    if constexpr (kMostTokens > 8) {
      if (input.rows > 16) return run(TensorCoreTile < T, kRowTiles < 4 ? kRowTiles : 2, 32 > {});
      if (input.rows > 8) return run(TensorCoreTile<T, kRowTiles, 16>{});
    }
    return run(TensorCoreTile<T, kRowTiles, 8>{});
  }
}

/// kMostTokens: most rows the input may have.
template <class T, int kMostTokens, class Input, class Output>
void launch_skinny(cudaStream_t stream, const CudaLinearWeights& weights, const Input& input,
                   const Output& output, std::size_t shared_bytes) {
  const int tiles = row_tiles_for(weights.out_features(), (input.rows + kGroupRows - 1) / kGroupRows);
  if constexpr (sizeof(T) == 2) {
    if (tiles == 4) return launch_tokens<T, 4, kMostTokens>(stream, weights, input, output, shared_bytes);
  }
  if constexpr (Output::kTilesPerCol == 1) {
    if (tiles == 1) return launch_tokens<T, 1, kMostTokens>(stream, weights, input, output, shared_bytes);
  }
  launch_tokens<T, 2, kMostTokens>(stream, weights, input, output, shared_bytes);
}

}  // namespace tpscale::cuda
