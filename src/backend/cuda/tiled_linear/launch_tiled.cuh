#pragma once
#include "backend/cuda/device/launch.cuh"
#include "backend/cuda/tiled_linear/kernel.cuh"
#include "backend/cuda/tiled_linear/multiply_add_tile.cuh"
#include "backend/cuda/tiled_linear/tensor_core_tile.cuh"
#include "backend/cuda/tiled_linear/tiled_linear.h"
#include "core/check.h"

namespace tpscale::cuda::tiled {

/// Blocks below which a block takes 64 rows of weights, not 128: three quarters of an H100's multiprocessors.
inline constexpr unsigned kFewBlocks = 100;

template <class T, class Tile, class Input>
void launch_tile(cudaStream_t stream, const CudaLinearWeights& weights, const Input& input,
                 const Output<T>& output) {
  const Rows<const T> rows{static_cast<const T*>(weights.data()), weights.row_stride()};
  const int cols = Tile::kWeightRows / (output.silu ? 2 : 1);
  launch(stream, dim3(blocks_for(input.rows, Tile::kTokens), blocks_for(output.cols, cols)), dim3(kThreads),
         shared_bytes<T, Tile>(), tiled_linear_kernel<T, Tile, Input>, rows,
         static_cast<int>(weights.in_features()), input, output);
}

template <class T, int kWeightRows, class Input>
void launch_tokens(cudaStream_t stream, const CudaLinearWeights& weights, const Input& input,
                   const Output<T>& output) {
  if constexpr (sizeof(T) == 4) {
    if (input.rows <= 32) return launch_tile<T, MultiplyAddTile<32, 64>>(stream, weights, input, output);
    launch_tile<T, MultiplyAddTile<64, 64>>(stream, weights, input, output);
  } else {
    if (input.rows <= 32) {
      return launch_tile<T, TensorCoreTile<T, 32, kWeightRows>>(stream, weights, input, output);
    }
    if (input.rows <= 64) {
      return launch_tile<T, TensorCoreTile<T, 64, kWeightRows>>(stream, weights, input, output);
    }
    launch_tile<T, TensorCoreTile<T, 128, kWeightRows>>(stream, weights, input, output);
  }
}

template <class T, class Input>
void launch_tiled(cudaStream_t stream, const CudaLinearWeights& weights, const Input& input,
                  const Output<T>& output) {
  if constexpr (sizeof(T) == 2) {
    const unsigned blocks = blocks_for(weights.out_features(), 128) * blocks_for(input.rows, 128);
    if (blocks >= kFewBlocks) return launch_tokens<T, 128>(stream, weights, input, output);
  }
  launch_tokens<T, 64>(stream, weights, input, output);
}

template <class T>
Output<T> output_of(const TensorView& out, const float* bias, TiledOutput kind) {
  return {rows_of<T>(out), bias, static_cast<int>(out.cols), kind == TiledOutput::kSiluAndMul,
          rows_on_vectors(out)};
}

inline void check_shapes(const TensorView& out, const ConstTensorView& x, const CudaLinearWeights& weights,
                         TiledOutput kind) {
  const std::int64_t products = kind == TiledOutput::kSiluAndMul ? 2 * out.cols : out.cols;
  check(out.rows == x.rows && products == weights.out_features() && x.cols == weights.in_features() &&
            out.dtype == weights.dtype() && x.dtype == weights.dtype(),
        "tiled_linear: shapes do not fit");
}

}  // namespace tpscale::cuda::tiled
