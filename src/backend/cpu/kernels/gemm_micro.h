#pragma once
// The innermost loops of the matrix product with packed panels (layout: packed_linear.h). Every output
// element is summed over k ascending, one multiply-add a k, however many rows or panels are computed
// together: the bits of a row do not depend on the batch.
#include "backend/cpu/kernels/kernels.h"
#include "backend/cpu/kernels/vec.h"

namespace tpscale::cpu {
namespace {

constexpr int kPanelVecs = static_cast<int>(kPanelCols) / kLanes;
constexpr std::int64_t kPrefetchBytes = 1024;

/// acc[p][r][v] += x[r, 0..depth) * columns [v * kLanes, ...) of the panel at w + p * stream. `w` points at
/// the first of NV vectors of columns, which lie in one tile or begin at a panel's start.
template <int NP, int MR, int NV, bool kPrefetch>
inline void multiply(const float* x, std::int64_t x_stride, std::int64_t depth, const float* w,
                     std::int64_t stream, VecF (&acc)[NP][MR][NV]) {
#pragma GCC unroll 1
  for (std::int64_t k = 0; k < depth; ++k, w += kPanelCols) {
#pragma GCC unroll 8
    for (int p = 0; p < NP; ++p) {
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) {
        const float* place = w + p * stream + v * kLanes;
        if constexpr (kPrefetch) {
          if (v * kLanes % 16 == 0) __builtin_prefetch(reinterpret_cast<const char*>(place) + kPrefetchBytes);
        }
        const VecF weights = load(place);
#pragma GCC unroll 16
        for (int r = 0; r < MR; ++r) acc[p][r][v] += weights * x[r * x_stride + k];
      }
    }
  }
}

template <int NP, int MR, int NV, bool kPrefetch>
inline void multiply(const float* x, std::int64_t x_stride, std::int64_t depth, const Bits16* w,
                     std::int64_t stream, VecF (&acc)[NP][MR][NV]) {
  constexpr int kTileCols = 16;  // words of a row of a tile
  constexpr std::int64_t kTileWords = kTileCols * kBlockDepth / 2;
  const auto* words = reinterpret_cast<const std::uint32_t*>(w);
  for (std::int64_t k = 0; k < depth; k += kBlockDepth, words += 2 * kTileWords) {
#pragma GCC unroll 1
    for (int pair = 0; pair < kBlockDepth / 2; ++pair) {
      const float* x_pair = x + k + 2 * pair;
#pragma GCC unroll 8
      for (int p = 0; p < NP; ++p) {
#pragma GCC unroll 8
        for (int v = 0; v < NV; ++v) {
          const int col = v * kLanes;
          const std::uint32_t* place =
              words + p * stream / 2 + col / kTileCols * kTileWords + pair * kTileCols + col % kTileCols;
          if constexpr (kPrefetch) {
            if (col % kTileCols == 0) __builtin_prefetch(reinterpret_cast<const char*>(place) + kPrefetchBytes);
          }
          VecU both;
          std::memcpy(&both, place, sizeof both);
          const VecF even = as_float(both << 16);
#pragma GCC unroll 16
          for (int r = 0; r < MR; ++r) acc[p][r][v] += even * x_pair[r * x_stride];
          const VecF odd = as_float(both & 0xFFFF0000u);
#pragma GCC unroll 16
          for (int r = 0; r < MR; ++r) acc[p][r][v] += odd * x_pair[r * x_stride + 1];
        }
      }
    }
  }
}

/// Writes sums of MR rows, columns from `col` on, with bias, as far as the matrix goes.
template <class Element, int MR, int NV>
inline void store_sums(const GemmJob& job, std::int64_t row, std::int64_t col, const VecF (&acc)[MR][NV]) {
#pragma GCC unroll 16
  for (int r = 0; r < MR; ++r) {
    Element* out = static_cast<Element*>(job.out) + (row + r) * job.out_stride;
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) {
      const std::int64_t at = col + v * kLanes;
      const std::int64_t left = job.cols - at;
      if (left <= 0) break;
      const VecF sum = job.bias == nullptr ? acc[r][v] : acc[r][v] + load_some(job.bias + at, left);
      store_some(out + at, sum, left);
    }
  }
}

}  // namespace
}  // namespace tpscale::cpu
