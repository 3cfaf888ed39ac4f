#pragma once
// Matrix product of bfloat16 by AMX tiles. An output element is summed block of 32 inputs by block, in order,
// whatever the shape of the work: the bits of a row do not depend on the batch. (They differ from those of
// the multiply-adds, because within a block the unit adds even and odd inputs apart.)
#include <immintrin.h>

#include "backend/cpu/kernels/amx_order.h"
#include "backend/cpu/kernels/kernels.h"
#include "backend/cpu/kernels/vec.h"

namespace tpscale::cpu {
namespace {

constexpr std::int64_t kTile = 16;                              // rows, and columns of fp32
constexpr std::int64_t kTileElements = kTile * kBlockDepth;     // of bfloat16
constexpr std::int64_t kRowBytes = 64;                          // of a tile
constexpr std::int64_t kPanelBlock = kPanelCols * kBlockDepth;  // elements of a panel for one block of inputs

struct alignas(64) TileConfig {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::uint8_t reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

inline void prefetch_tile(const Bits16* tile, std::int64_t ahead) {
  const char* line = reinterpret_cast<const char*>(tile) + ahead;
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) _mm_prefetch(line + i * 64, _MM_HINT_T0);
}

/// Columns [col, col + 16) of `rows` rows from row on, out of a stored tile.
template <class Element>
inline void write_tile(const GemmJob& job, const float* tile, std::int64_t tile_stride, std::int64_t row,
                       std::int64_t rows, std::int64_t col) {
  const std::int64_t left = job.cols - col;
  if (left <= 0) return;
  const VecF bias = job.bias == nullptr ? VecF{} : load_some(job.bias + col, left);
  for (std::int64_t r = 0; r < rows; ++r) {
    VecF sum = load(tile + r * tile_stride);
    if (job.bias != nullptr) sum += bias;
    store_some(static_cast<Element*>(job.out) + (row + r) * job.out_stride + col, sum, left);
  }
}

/// Up to 16 rows: every weight is read once, two panels at a time.
inline void amx_few_rows(const GemmJob& job) {
  const auto* x = static_cast<const Bits16*>(job.x);
  const auto* panels = static_cast<const Bits16*>(job.panels);
  const std::int64_t size = job.depth * kPanelCols;
  const std::int64_t apart = (job.last_panel - job.first_panel + 1) / 2;
  constexpr std::int64_t kAhead = 3072;
  alignas(64) float sums[kTile * kTile];
  for (std::int64_t panel = job.first_panel; panel < job.first_panel + apart; ++panel) {
    const Bits16* a = panels + panel * size;
    const bool pair = panel + apart < job.last_panel;
    const Bits16* b = pair ? a + apart * size : a;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (std::int64_t k = 0; k < job.depth; k += kBlockDepth, a += kPanelBlock, b += kPanelBlock) {
      _tile_loadd(4, x + k * kTile, kRowBytes);
      prefetch_tile(a, kAhead);
      _tile_loadd(5, a, kRowBytes);
      _tile_dpbf16ps(0, 4, 5);
      prefetch_tile(a + kTileElements, kAhead);
      _tile_loadd(6, a + kTileElements, kRowBytes);
      _tile_dpbf16ps(1, 4, 6);
      if (!pair) continue;
      prefetch_tile(b, kAhead);
      _tile_loadd(7, b, kRowBytes);
      _tile_dpbf16ps(2, 4, 7);
      prefetch_tile(b + kTileElements, kAhead);
      _tile_loadd(5, b + kTileElements, kRowBytes);
      _tile_dpbf16ps(3, 4, 5);
    }
    const std::int64_t col = panel * kPanelCols;
    _tile_stored(0, sums, kRowBytes);
    write_tile<Bits16>(job, sums, kTile, 0, job.rows, col);
    _tile_stored(1, sums, kRowBytes);
    write_tile<Bits16>(job, sums, kTile, 0, job.rows, col + kTile);
    if (!pair) continue;
    _tile_stored(2, sums, kRowBytes);
    write_tile<Bits16>(job, sums, kTile, 0, job.rows, col + apart * kPanelCols);
    _tile_stored(3, sums, kRowBytes);
    write_tile<Bits16>(job, sums, kTile, 0, job.rows, col + apart * kPanelCols + kTile);
  }
}

/// The four tiles of sums of 32 rows of a panel: zero, or what stands there.
inline void load_sums(const float* partial, bool first) {
  constexpr std::int64_t kStride = kPanelCols * 4;
  if (first) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  } else {
    _tile_loadd(0, partial, kStride);
    _tile_loadd(1, partial + kTile, kStride);
    _tile_loadd(2, partial + kTile * kPanelCols, kStride);
    _tile_loadd(3, partial + kTile * kPanelCols + kTile, kStride);
  }
}

/// Puts them back there, and after the last inputs into the output.
template <class Element>
inline void store_sums_of_block(const GemmJob& job, std::int64_t row, std::int64_t panel, bool last) {
  constexpr std::int64_t kStride = kPanelCols * 4;
  float* partial = job.partial + row * kPanelCols;
  _tile_stored(0, partial, kStride);
  _tile_stored(1, partial + kTile, kStride);
  _tile_stored(2, partial + kTile * kPanelCols, kStride);
  _tile_stored(3, partial + kTile * kPanelCols + kTile, kStride);
  if (!last) return;
  const std::int64_t rows = job.rows - row < 2 * kTile ? job.rows - row : 2 * kTile;
  write_tile<Element>(job, partial, kPanelCols, row, rows, panel * kPanelCols);
  write_tile<Element>(job, partial + kTile, kPanelCols, row, rows, panel * kPanelCols + kTile);
}

/// Rows [row, row + 32) of a panel, inputs [begin, end): four tiles of sums.
inline void amx_block(const GemmJob& job, std::int64_t row, std::int64_t panel, std::int64_t begin,
                      std::int64_t end, bool prefetch) {
  const Bits16* x = static_cast<const Bits16*>(job.x) + row * job.depth + begin * kTile;
  const Bits16* lower = x + kTile * job.depth;
  const Bits16* w = static_cast<const Bits16*>(job.panels) + (panel * job.depth + begin) * kPanelCols;
  load_sums(job.partial + row * kPanelCols, begin == 0);
  for (std::int64_t k = begin; k < end;
       k += kBlockDepth, x += kTileElements, lower += kTileElements, w += kPanelBlock) {
    _tile_loadd(4, x, kRowBytes);
    if (prefetch) prefetch_tile(w, 2048);
    _tile_loadd(6, w, kRowBytes);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(5, lower, kRowBytes);
    _tile_dpbf16ps(2, 5, 6);
    if (prefetch) prefetch_tile(w + kTileElements, 2048);
    _tile_loadd(7, w + kTileElements, kRowBytes);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(3, 5, 7);
  }
  store_sums_of_block<Bits16>(job, row, panel, end == job.depth);
}

inline void amx_gemm(const GemmJob& job) {
  if (job.rows == 1) return amx_order_rows<1, 4>(job);
  if (job.rows == 2) return amx_order_rows<2, 2>(job);
  const TileConfig config;
  _tile_loadconfig(&config);
  if (job.rows <= kTile) {
    amx_few_rows(job);
  } else {
    constexpr std::int64_t kSlice =
        512;  // inputs: the slice of a panel is 32 KiB and stays in the first-level cache
    for (std::int64_t panel = job.first_panel; panel < job.last_panel; ++panel) {
      for (std::int64_t begin = 0; begin < job.depth; begin += kSlice) {
        const std::int64_t end = begin + kSlice < job.depth ? begin + kSlice : job.depth;
        for (std::int64_t row = 0; row < job.rows; row += 2 * kTile)
          amx_block(job, row, panel, begin, end, row == 0);
      }
    }
  }
  _tile_release();
}

/// `rounds` times four tile products in registers.
inline float amx_multiply_adds(std::int64_t rounds, float seed) {
  alignas(64) Bits16 values[kTileElements];
  for (std::int64_t i = 0; i < kTileElements; ++i)
    store_one(values + i, seed * static_cast<float>(i % 7) * 1e-3F);
  const TileConfig config;
  _tile_loadconfig(&config);
  _tile_loadd(4, values, kRowBytes);
  _tile_loadd(5, values, kRowBytes);
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (std::int64_t round = 0; round < rounds; ++round) {
    _tile_dpbf16ps(0, 4, 5);
    _tile_dpbf16ps(1, 4, 5);
    _tile_dpbf16ps(2, 4, 5);
    _tile_dpbf16ps(3, 4, 5);
  }
  alignas(64) float sums[kTile * kTile];
  _tile_stored(0, sums, kRowBytes);
  float total = sums[0];
  _tile_stored(3, sums, kRowBytes);
  total += sums[1];
  _tile_release();
  return total;
}
constexpr double kAmxRoundFlops = 4 * 2.0 * kTile * kTile * kBlockDepth;

/// Rows as tiles of 16 x 32, those of 16 rows one behind the other; absent rows up to the next 32 and inputs
/// are zero.
inline void amx_pack_rows(const PackJob& job, std::int64_t begin, std::int64_t end) {
  const std::int64_t padded_end = (end + 2 * kTile - 1) / (2 * kTile) * (2 * kTile);
  for (std::int64_t r = begin; r < padded_end; ++r) {
    Bits16* to = static_cast<Bits16*>(job.packed) + r / kTile * kTile * job.depth + r % kTile * kBlockDepth;
    const Bits16* x = static_cast<const Bits16*>(job.x) + r * job.x_stride;
    for (std::int64_t k = 0; k < job.depth; k += kBlockDepth, to += kTileElements) {
      const std::int64_t left = r < end ? job.cols - k : 0;
      if (left >= kBlockDepth) {
        std::memcpy(to, x + k, kRowBytes);
      } else {
        Bits16 padded[kBlockDepth] = {};
        if (left > 0) std::memcpy(padded, x + k, static_cast<std::size_t>(left) * sizeof(Bits16));
        std::memcpy(to, padded, kRowBytes);
      }
    }
  }
}

}  // namespace
}  // namespace tpscale::cpu
