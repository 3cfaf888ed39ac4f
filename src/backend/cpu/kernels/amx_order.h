#pragma once
// One or two rows by multiply-adds, in the very order of the tile product: within a block of 32 inputs it
// sums the even and the odd ones apart, each by fused multiply-adds from 0 in ascending order, then adds even
// + odd to the sum (found bit for bit the same in 512,000 random sums; the tile product alone flushes
// denormals). Ordinary loads stream weights faster than tile loads, and a decode of one sequence still gets
// the bits of a batch.
#include "backend/cpu/kernels/gemm_micro.h"
#include "backend/cpu/kernels/kernels.h"
#include "backend/cpu/kernels/vec.h"

namespace tpscale::cpu {
namespace {

/// Even and odd inputs of a block of MR packed rows, as fp32.
template <int MR>
struct SplitBlock {
  explicit SplitBlock(const Bits16* x) {
    for (int r = 0; r < MR; ++r) {
      const VecU words = load_words(reinterpret_cast<const std::uint32_t*>(x + r * kBlockDepth));
      store(even + r * kLanes, as_float(words << 16));
      store(odd + r * kLanes, as_float(words & 0xFFFF0000u));
    }
  }
  float even[MR * kLanes];
  float odd[MR * kLanes];
};

/// Columns of the panels panel, panel + apart, ...: NP streams.
template <int MR, int NP>
inline void amx_order_panels(const GemmJob& job, std::int64_t panel, std::int64_t apart) {
  constexpr int kVecs = static_cast<int>(kPanelCols) / kLanes;  // tiles of a panel's block
  constexpr std::int64_t kTileWords = kLanes * kBlockDepth / 2;
  const std::int64_t stream = apart * job.depth * kPanelCols / 2;
  const auto* words = static_cast<const std::uint32_t*>(job.panels) + panel * job.depth * kPanelCols / 2;
  const auto* x = static_cast<const Bits16*>(job.x);
  VecF sums[NP][MR][kVecs] = {};
  for (std::int64_t k = 0; k < job.depth; k += kBlockDepth, words += kVecs * kTileWords) {
    const SplitBlock<MR> block(x + k * kLanes);
    VecF even[NP][MR][kVecs] = {};
    VecF odd[NP][MR][kVecs] = {};
#pragma GCC unroll 1
    for (int pair = 0; pair < kLanes; ++pair) {
#pragma GCC unroll 4
      for (int p = 0; p < NP; ++p) {
#pragma GCC unroll 2
        for (int v = 0; v < kVecs; ++v) {
          const std::uint32_t* place = words + p * stream + v * kTileWords + pair * kLanes;
          __builtin_prefetch(reinterpret_cast<const char*>(place) + 1024);
          const VecU both = load_words(place);
#pragma GCC unroll 2
          for (int r = 0; r < MR; ++r) {
            even[p][r][v] += as_float(both << 16) * block.even[r * kLanes + pair];
            odd[p][r][v] += as_float(both & 0xFFFF0000u) * block.odd[r * kLanes + pair];
          }
        }
      }
    }
#pragma GCC unroll 4
    for (int p = 0; p < NP; ++p) {
#pragma GCC unroll 2
      for (int r = 0; r < MR; ++r) {
#pragma GCC unroll 2
        for (int v = 0; v < kVecs; ++v) sums[p][r][v] += even[p][r][v] + odd[p][r][v];
      }
    }
  }
#pragma GCC unroll 4
  for (int p = 0; p < NP; ++p) {
    store_sums<Bits16, MR, kVecs>(job, 0, (panel + p * apart) * kPanelCols, sums[p]);
  }
}

template <int MR, int NP>
void amx_order_rows(const GemmJob& job) {
  const std::int64_t apart = (job.last_panel - job.first_panel) / NP;
  std::int64_t panel = job.first_panel;
  for (; panel < job.first_panel + apart; ++panel) amx_order_panels<MR, NP>(job, panel, apart);
  for (panel += (NP - 1) * apart; panel < job.last_panel; ++panel) amx_order_panels<MR, 1>(job, panel, 0);
}

}  // namespace
}  // namespace tpscale::cpu
