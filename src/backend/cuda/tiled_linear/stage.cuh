#pragma once
#include <cuda_runtime.h>

#include "backend/cuda/device/element.cuh"

/// The parts of tiled_linear's kernel.
namespace tpscale::cuda::tiled {

/// The depth K is cut into stages of 128 bytes a row: eight lanes read a row's line, one vector each, and the
/// block's threads 32 rows at once. In shared memory a row takes a vector more: an odd number of them, so
/// that neighbouring rows lie on different banks.
inline constexpr int kThreads = 256;
inline constexpr int kStageVectors = 8;
inline constexpr int kLinesAtOnce = kThreads / kStageVectors;
inline constexpr int kInputStages = 2;

template <class T>
inline constexpr int kWidth = Vector<T>::kSize;
template <class T>
inline constexpr int kStageDepth = kStageVectors* kWidth<T>;
template <class T>
inline constexpr int kPitch = kStageDepth<T> + kWidth<T>;

/// Which vector of a stage a thread moves, and of which rows: line, line + kLinesAtOnce, ...
struct Place {
  int chunk = static_cast<int>(threadIdx.x) % kStageVectors;
  int line = static_cast<int>(threadIdx.x) / kStageVectors;
};

}  // namespace tpscale::cuda::tiled
