#pragma once
#include <cstddef>

#include "backend/cuda/device/ptx.cuh"
#include "backend/cuda/device/rows.cuh"
#include "backend/cuda/tiled_linear/output.cuh"
#include "backend/cuda/tiled_linear/stage.cuh"

namespace tpscale::cuda::tiled {

/// Dynamic shared memory of a block: stages of weights and input, afterwards the sums.
template <class T, class Tile>
constexpr std::size_t shared_bytes() {
  constexpr std::size_t kRows = Tile::kWeightStages * Tile::kWeightRows + kInputStages * Tile::kTokens;
  constexpr std::size_t kStages = kRows * kPitch<T> * sizeof(T);
  constexpr std::size_t kSums = sizeof(float) * Tile::kTokens * (Tile::kWeightRows + Output<T>::kSumsPadding);
  return kStages > kSums ? kStages : kSums;
}

/// A block computes a tile of kTokens x kWeightRows over the whole depth. Blocks that share their weights are
/// neighbours (x), so that one of them reads them from memory and the others from the L2. Weights are copied
/// stages ahead without passing the registers; the input, which may have to be made, is loaded a stage
/// ahead into registers. One barrier a stage: behind it this stage is whole, and the one before free.
template <class T, class Tile, class Input>
__global__ void __launch_bounds__(kThreads, Tile::kBlocks)
    tiled_linear_kernel(Rows<const T> weights, int depth, Input input, Output<T> output) {
  constexpr int kWeightLines = Tile::kWeightRows / kLinesAtOnce;
  constexpr int kWeightStage = Tile::kWeightRows * kPitch<T>;
  constexpr int kInputStage = Tile::kTokens * kPitch<T>;
  __shared__ float scales[Tile::kTokens];
  T* weight_stages = dynamic_shared<T>();
  T* input_stages = weight_stages + Tile::kWeightStages * kWeightStage;
  const Place place;
  const int block = static_cast<int>(blockIdx.y);
  const int first_token = static_cast<int>(blockIdx.x) * Tile::kTokens;
  const int tokens = input.rows - first_token < Tile::kTokens ? input.rows - first_token : Tile::kTokens;
  const int vectors = depth / kWidth<T>;
  const int stages = (vectors + kStageVectors - 1) / kStageVectors;

  const T* weight_rows[kWeightLines];
#pragma unroll
  for (int i = 0; i < kWeightLines; ++i) {
    const int local = place.line + i * kLinesAtOnce;
    weight_rows[i] = weights[output.weight_row(block, local, Tile::kWeightRows)] + place.chunk * kWidth<T>;
  }
  const auto copy_weights = [&](int stage) {
    T* to = weight_stages + stage % Tile::kWeightStages * kWeightStage;
    const bool there = stage * kStageVectors + place.chunk < vectors;
#pragma unroll
    for (int i = 0; i < kWeightLines; ++i) {
      if (stage < stages) {
        copy_async_16(to + (place.line + i * kLinesAtOnce) * kPitch<T> + place.chunk * kWidth<T>,
                      weight_rows[i] + (there ? stage * kStageDepth<T> : 0), there);
      }
    }
    copy_async_commit();
  };

#pragma unroll
  for (int stage = 0; stage < Tile::kWeightStages - 1; ++stage) copy_weights(stage);
  typename Input::template Reader<Tile::kTokens / kLinesAtOnce> reader(input, first_token, vectors);
  reader.load(0);
  Tile tile;
  for (int stage = 0; stage < stages; ++stage) {
    T* input_stage = input_stages + stage % kInputStages * kInputStage;
    reader.store(input_stage, stage);
    if (stage + 1 < stages) reader.load(stage + 1);
    copy_async_wait<Tile::kWeightStages - 2>();
    __syncthreads();
    copy_weights(stage + Tile::kWeightStages - 1);
    tile.multiply(input_stage, weight_stages + stage % Tile::kWeightStages * kWeightStage, tokens);
  }

  reader.store_scales(scales);
  __syncthreads();  // the stages have been read: their place takes the sums
  float* sums = reinterpret_cast<float*>(weight_stages);
  tile.store(sums, Tile::kWeightRows + Output<T>::kSumsPadding);
  __syncthreads();
  output.store(sums, scales, first_token, tokens, block, Tile::kWeightRows);
}

}  // namespace tpscale::cuda::tiled
