#pragma once
// Matrix product with packed panels (layout: packed_linear.h). Every output element is summed over k
// ascending, one multiply-add a k, however many rows or panels are computed together: the bits of a row do
// not depend on the batch.
#include "backend/cpu/kernels/kernels.h"
#include "backend/cpu/kernels/vec.h"

namespace tpscale::cpu {
namespace {

constexpr int kPanelVecs = static_cast<int>(kPanelCols) / kLanes;

/// Sums of MR rows and one panel.
template <int MR>
inline void multiply_panel(const float* x, std::int64_t x_stride, std::int64_t depth, const float* panel,
                           VecF (&acc)[MR][kPanelVecs]) {
  for (std::int64_t k = 0; k < depth; ++k, panel += kPanelCols) {
    for (int v = 0; v < kPanelVecs; ++v) {
      const VecF w = load(panel + v * kLanes);
      for (int r = 0; r < MR; ++r) acc[r][v] += w * x[r * x_stride + k];
    }
  }
}

template <int MR>
inline void multiply_panel(const float* x, std::int64_t x_stride, std::int64_t depth, const Bits16* panel,
                           VecF (&acc)[MR][kPanelVecs]) {
  const auto* words = reinterpret_cast<const std::uint32_t*>(panel);
  constexpr int kTileWords = 16;  // of a row of a tile
  for (std::int64_t k = 0; k < depth; k += kBlockDepth, words += kBlockDepth * kPanelCols / 2) {
    for (int pair = 0; pair < kBlockDepth / 2; ++pair) {
      for (int v = 0; v < kPanelVecs; ++v) {
        const int col = v * kLanes;
        const std::uint32_t* place = words + (col / kTileWords) * (kBlockDepth / 2) * kTileWords +
                                     pair * kTileWords + col % kTileWords;
        VecU w;
        std::memcpy(&w, place, sizeof w);
        const VecF even = as_float(w << 16);
        const VecF odd = as_float(w & 0xFFFF0000u);
        for (int r = 0; r < MR; ++r) {
          const float* row = x + r * x_stride + k + 2 * pair;
          acc[r][v] += even * row[0];
          acc[r][v] += odd * row[1];
        }
      }
    }
  }
}

template <class Element, int MR>
inline void store_rows(const GemmJob& job, std::int64_t row, std::int64_t panel,
                       const VecF (&acc)[MR][kPanelVecs]) {
  for (int r = 0; r < MR; ++r) {
    auto* out = static_cast<Element*>(job.out) + (row + r) * job.out_stride;
    for (int v = 0; v < kPanelVecs; ++v) {
      const std::int64_t col = panel * kPanelCols + v * kLanes;
      const std::int64_t left = job.cols - col;
      if (left <= 0) break;
      const VecF sum = job.bias == nullptr ? acc[r][v] : acc[r][v] + load_some(job.bias + col, left);
      store_some(out + col, sum, left);
    }
  }
}

template <class Element, int MR>
inline void gemm_rows(const GemmJob& job, std::int64_t row, std::int64_t panel) {
  VecF acc[MR][kPanelVecs] = {};
  const auto* weights = static_cast<const Element*>(job.panels) + panel * job.depth * kPanelCols;
  multiply_panel<MR>(job.x + row * job.x_stride, job.x_stride, job.depth, weights, acc);
  store_rows<Element, MR>(job, row, panel, acc);
}

template <class Element>
void gemm(const GemmJob& job) {
  constexpr int kRows = 4;
  for (std::int64_t panel = job.first_panel; panel < job.last_panel; ++panel) {
    std::int64_t row = 0;
    for (; row + kRows <= job.rows; row += kRows) gemm_rows<Element, kRows>(job, row, panel);
    for (; row < job.rows; ++row) gemm_rows<Element, 1>(job, row, panel);
  }
}

}  // namespace
}  // namespace tpscale::cpu
