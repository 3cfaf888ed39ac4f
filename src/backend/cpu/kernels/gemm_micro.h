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

/// acc[r][v] += x[r] * weights[v]: a broadcast lives for NV multiply-adds only, so that the sums keep the
/// registers.
template <int MR, int NV>
inline void add_products(const float* x, std::int64_t x_stride, const VecF (&weights)[NV],
                         VecF (&acc)[MR][NV]) {
#pragma GCC unroll 16
  for (int r = 0; r < MR; ++r) {
    const float value = x[r * x_stride];
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) acc[r][v] += weights[v] * value;
  }
}

/// acc[p][r][v] += x[r, 0..depth) * columns [v * kLanes, ...) of the panel at w + p * stream. `w` points at
/// the first of NV vectors of columns, which lie in one tile or begin at a panel's start.
template <int NP, int MR, int NV, bool kPrefetch, class Element>
inline void multiply(const float* x, std::int64_t x_stride, std::int64_t depth, const Element* w,
                     std::int64_t stream, VecF (&acc)[NP][MR][NV]) {
#pragma GCC unroll 1
  for (std::int64_t k = 0; k < depth; ++k, w += kPanelCols) {
#pragma GCC unroll 8
    for (int p = 0; p < NP; ++p) {
      VecF weights[NV];
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) {
        const Element* place = w + p * stream + v * kLanes;
        if constexpr (kPrefetch) {
          if (v * kLanes * sizeof(Element) % 64 == 0)
            __builtin_prefetch(reinterpret_cast<const char*>(place) + kPrefetchBytes);
        }
        weights[v] = load(place);
      }
      add_products<MR, NV>(x + k, x_stride, weights, acc[p]);
    }
  }
}

/// The same for the tiles of bf16.
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
        const std::uint32_t* place = words + p * stream / 2 + pair * kTileCols;
        if constexpr (kPrefetch) {
          __builtin_prefetch(reinterpret_cast<const char*>(place) + kPrefetchBytes);
          __builtin_prefetch(reinterpret_cast<const char*>(place + kTileWords) + kPrefetchBytes);
        }
        VecF weights[NV];
#pragma GCC unroll 8
        for (int v = 0; v < NV; ++v) {
          const int col = v * kLanes;
          weights[v] = as_float(load_words(place + col / kTileCols * kTileWords + col % kTileCols) << 16);
        }
        add_products<MR, NV>(x_pair, x_stride, weights, acc[p]);
        asm("" : "+r"(place));  // reads the words again: keeping them would cost the registers of two sums
#pragma GCC unroll 8
        for (int v = 0; v < NV; ++v) {
          const int col = v * kLanes;
          weights[v] =
              as_float(load_words(place + col / kTileCols * kTileWords + col % kTileCols) & 0xFFFF0000u);
        }
        add_products<MR, NV>(x_pair + 1, x_stride, weights, acc[p]);
      }
    }
  }
}

/// Writes the sums of those of MR rows that the product has, columns from `col` on, with bias, as far as the
/// matrix goes.
template <class Element, int MR, int NV>
inline void store_sums(const GemmJob& job, std::int64_t row, std::int64_t col, const VecF (&acc)[MR][NV]) {
#pragma GCC unroll 16
  for (int r = 0; r < MR; ++r) {
    if (row + r >= job.rows) break;
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
