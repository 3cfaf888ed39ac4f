#pragma once
// Matrix product by multiply-adds: few rows stream the weights once through the registers, many rows keep a
// slice of a panel in the first-level cache.
#include "backend/cpu/kernels/gemm_micro.h"

namespace tpscale::cpu {
namespace {

constexpr int kRegisters = kLanes == 16 ? 26 : kLanes == 8 ? 12 : 8;  // that may hold sums
constexpr int kStripVecs = 2;                                         // vectors of columns of a strip
constexpr int kStripRows = kRegisters / kStripVecs;
constexpr int kLowStripRows = kLanes == 16 ? 9 : kStripRows;
constexpr int kSkinnyRows = kLanes == 16 ? 8 : kLanes == 8 ? 2 : 1;  // rows whose sums over a panel fit
constexpr std::int64_t kSliceBytes = 64 << 10;                       // of a panel, for the strips of all rows

/// Panels at a time for few rows, each a stream of its own: enough sums in flight to hide the latency of the
/// multiply-add, and several streams for the memory.
constexpr int streams(int rows) {
  const int fit = (kLanes == 16 ? 16 : 8) / (rows * kPanelVecs);
  return fit < 1 ? 1 : fit > 4 ? 4 : fit;
}

template <class Element, int MR, int NP>
inline void skinny_panels(const GemmJob& job, std::int64_t row, std::int64_t panel, std::int64_t apart) {
  const std::int64_t size = job.depth * kPanelCols;
  VecF acc[NP][MR][kPanelVecs] = {};
  multiply<NP, MR, kPanelVecs, true>(static_cast<const float*>(job.x) + row * job.x_stride, job.x_stride,
                                     job.depth, static_cast<const Element*>(job.panels) + panel * size,
                                     apart * size, acc);
#pragma GCC unroll 8
  for (int p = 0; p < NP; ++p) {
    store_sums<Element, MR, kPanelVecs>(job, row, (panel + p * apart) * kPanelCols, acc[p]);
  }
}

template <class Element, int MR>
__attribute__((noinline)) void skinny(const GemmJob& job) {
  constexpr int kStreams = streams(MR);
  const std::int64_t apart = (job.last_panel - job.first_panel) / kStreams;
  std::int64_t panel = job.first_panel;
  for (; panel < job.first_panel + apart; ++panel) skinny_panels<Element, MR, kStreams>(job, 0, panel, apart);
  if constexpr (kStreams > 1) {
    for (panel += (kStreams - 1) * apart; panel < job.last_panel; ++panel) {
      skinny_panels<Element, MR, 1>(job, 0, panel, 0);
    }
  }
}

/// Elements from a panel's start to its column (a multiple of kLanes), see packed_linear.h.
template <class Element>
constexpr std::int64_t column_offset(const Element* /*panel*/, std::int64_t col) {
  return col;
}
constexpr std::int64_t column_offset(const Bits16* /*panel*/, std::int64_t col) {
  return col / 16 * 16 * kBlockDepth + col % 16 * 2;
}

/// A slice in depth of a strip: goes on from the partial sums unless it is the first, leaves them unless it
/// is the last.
template <class Element, int MR>
__attribute__((noinline)) void strip(const GemmJob& job, std::int64_t row, std::int64_t panel,
                                     std::int64_t begin, std::int64_t end) {
  const float* x = static_cast<const float*>(job.x) + row * job.x_stride + begin;
  for (int col = 0; col < kPanelCols; col += kStripVecs * kLanes) {
    const auto* w = static_cast<const Element*>(job.panels) + (panel * job.depth + begin) * kPanelCols;
    w += column_offset(w, col);
    float* partial = job.partial + row * kPanelCols + col;
    VecF acc[1][MR][kStripVecs] = {};
    if (begin > 0) {
      for (int r = 0; r < MR; ++r) {
        for (int v = 0; v < kStripVecs; ++v) acc[0][r][v] = load(partial + r * kPanelCols + v * kLanes);
      }
    }
    multiply<1, MR, kStripVecs, false>(x, job.x_stride, end - begin, w, 0, acc);
    if (end == job.depth) {
      store_sums<Element, MR, kStripVecs>(job, row, panel * kPanelCols + col, acc[0]);
      continue;
    }
    for (int r = 0; r < MR; ++r) {
      for (int v = 0; v < kStripVecs; ++v) store(partial + r * kPanelCols + v * kLanes, acc[0][r][v]);
    }
  }
}

/// Few rows. The kernels exist for some numbers of rows; the next larger one computes rows that nobody
/// stores.
template <class Element>
void gemm_few(const GemmJob& job) {
  if (job.rows == 1) return skinny<Element, 1>(job);
  if constexpr (kSkinnyRows > 1) {
    if (job.rows == 2) return skinny<Element, 2>(job);
  }
  if constexpr (kSkinnyRows > 2) {
    if (job.rows <= 4) return skinny<Element, 4>(job);
    if (job.rows <= 6) return skinny<Element, 6>(job);
    return skinny<Element, kSkinnyRows>(job);
  }
}

template <class Element>
void gemm(const GemmJob& job) {
  if (job.rows <= kSkinnyRows) return gemm_few<Element>(job);
  constexpr std::int64_t kSlice = kSliceBytes / (kPanelCols * static_cast<std::int64_t>(sizeof(Element)));
  const std::int64_t low = (job.rows + kLowStripRows - 1) / kLowStripRows * kLowStripRows;
  const std::int64_t high = (job.rows + kStripRows - 1) / kStripRows * kStripRows;
  const bool lower = low < high && job.rows <= 4 * kLowStripRows;  // fewer rows for nobody
  for (std::int64_t panel = job.first_panel; panel < job.last_panel; ++panel) {
    for (std::int64_t begin = 0; begin < job.depth; begin += kSlice) {
      const std::int64_t end = begin + kSlice < job.depth ? begin + kSlice : job.depth;
      for (std::int64_t row = 0; row < job.rows; row += lower ? kLowStripRows : kStripRows) {
        if (lower) {
          strip<Element, kLowStripRows>(job, row, panel, begin, end);
        } else {
          strip<Element, kStripRows>(job, row, panel, begin, end);
        }
      }
    }
  }
}

/// Rows [begin, end) of x as the product wants them: fp32, padded with zeros to the depth.
template <class Element>
void pack_rows(const PackJob& job, std::int64_t begin, std::int64_t end) {
  for (std::int64_t r = begin; r < end; ++r) {
    float* row = static_cast<float*>(job.packed) + r * job.packed_stride;
    const auto* x = static_cast<const Element*>(job.x) + r * job.x_stride;
    std::int64_t k = 0;
    for (; k + kLanes <= job.cols; k += kLanes) store(row + k, load(x + k));
    for (; k < job.cols; ++k) row[k] = load_one(x + k);
    for (; k < job.depth; ++k) row[k] = 0.0F;
  }
}

}  // namespace
}  // namespace tpscale::cpu
