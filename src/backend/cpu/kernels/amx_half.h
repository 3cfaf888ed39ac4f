#pragma once
// Matrix product of binary16 by AMX tiles of bfloat16. A half has 11 significant bits: it is the sum of two
// bfloat16, its upper 8 bits and the rest, without loss. Four tile products give every product exactly, and
// sum in fp32. Weights are parted on their way into the tiles: in memory they are halves. Only an infinite
// input is none afterwards but NaN, as its rest is infinity - infinity.
// An output element is summed block of 32 inputs by block, within a block the products of (x upper, w upper),
// (rest, upper), (rest, rest), (upper, rest), each as amx_order.h says, whatever the shape of the work.
#include <immintrin.h>

#include "backend/cpu/kernels/amx_gemm.h"
#include "backend/cpu/kernels/half.h"
#include "backend/cpu/kernels/kernels.h"

namespace tpscale::cpu {
namespace {

constexpr std::int64_t kTileWords = kTile * kTile;
constexpr std::int64_t kPartedWords = 4 * kTileWords;  // of a block of weights: 2 upper tiles, 2 of rests
constexpr std::int64_t kPartedElements = 2 * kTileElements;  // of a block of 16 rows: upper tile, rests

struct Parted {
  explicit Parted(VecF v) : upper(as_bits(v) & 0xFFFF0000u), rest(as_bits(v - as_float(upper))) {}
  VecU upper;  // bfloat16 in the upper halves of the words, zeros below: both are floats as they stand
  VecU rest;
};

/// A block of a panel (kBlockDepth inputs) as four tiles.
inline void part_block(const Half* w, std::uint32_t* tiles) {
  constexpr std::int64_t kAhead = 4096;  // bytes
#pragma GCC unroll 1
  for (std::int64_t pair = 0; pair < kBlockDepth / 2; ++pair, w += 2 * kPanelCols, tiles += kTile) {
    const char* line = reinterpret_cast<const char*>(w) + kAhead;
    _mm_prefetch(line, _MM_HINT_T0);
    _mm_prefetch(line + 64, _MM_HINT_T0);
#pragma GCC unroll 2
    for (std::int64_t t = 0; t < 2; ++t) {
      const Parted even(load(w + t * kTile));
      const Parted odd(load(w + kPanelCols + t * kTile));
      std::uint32_t* row = tiles + t * kTileWords;
      *reinterpret_cast<VecUInMemory*>(row) = even.upper >> 16 | odd.upper;
      *reinterpret_cast<VecUInMemory*>(row + 2 * kTileWords) = even.rest >> 16 | odd.rest;
    }
  }
}

/// One row by multiply-adds in the tiles' order: weights stream in as fast as the multiply-adds take them.
/// Columns of the panels panel, panel + apart, ...: NP streams.
template <int NP>
inline void half_order_panels(const GemmJob& job, std::int64_t panel, std::int64_t apart) {
  constexpr int kVecs = static_cast<int>(kPanelCols) / kLanes;
  const std::int64_t stream = apart * job.depth * kPanelCols;
  const auto* w = static_cast<const Half*>(job.panels) + panel * job.depth * kPanelCols;
  const auto* x = static_cast<const Bits16*>(job.x);
  VecF sums[NP][1][kVecs] = {};
  for (std::int64_t k = 0; k < job.depth; k += kBlockDepth, w += kPanelBlock, x += kPartedElements) {
    const SplitBlock<1> upper(x);
    const SplitBlock<1> rest(x + kTileElements);
#pragma GCC unroll 4
    for (int p = 0; p < NP; ++p) {
      VecF even[4][kVecs] = {};
      VecF odd[4][kVecs] = {};
      const auto add = [](VecF(&to)[4][kVecs], const Half* place, float x_upper, float x_rest) {
#pragma GCC unroll 2
        for (int v = 0; v < kVecs; ++v) {
          const Parted weights(load(place + v * kLanes));
          to[0][v] += as_float(weights.upper) * x_upper;
          to[1][v] += as_float(weights.upper) * x_rest;
          to[2][v] += as_float(weights.rest) * x_rest;
          to[3][v] += as_float(weights.rest) * x_upper;
        }
      };
      const Half* place = w + p * stream;
#pragma GCC unroll 1
      for (int pair = 0; pair < kLanes; ++pair, place += 2 * kPanelCols) {
        __builtin_prefetch(reinterpret_cast<const char*>(place) + 1024);
        __builtin_prefetch(reinterpret_cast<const char*>(place + kPanelCols) + 1024);
        add(even, place, upper.even[pair], rest.even[pair]);
        add(odd, place + kPanelCols, upper.odd[pair], rest.odd[pair]);
      }
#pragma GCC unroll 4
      for (int product = 0; product < 4; ++product) {
#pragma GCC unroll 2
        for (int v = 0; v < kVecs; ++v) sums[p][0][v] += even[product][v] + odd[product][v];
      }
    }
  }
#pragma GCC unroll 4
  for (int p = 0; p < NP; ++p) {
    store_sums<Half, 1, kVecs>(job, 0, (panel + p * apart) * kPanelCols, sums[p]);
  }
}

inline void half_order_row(const GemmJob& job) {
  constexpr int kStreams = 4;
  const std::int64_t apart = (job.last_panel - job.first_panel) / kStreams;
  std::int64_t panel = job.first_panel;
  for (; panel < job.first_panel + apart; ++panel) half_order_panels<kStreams>(job, panel, apart);
  for (panel += (kStreams - 1) * apart; panel < job.last_panel; ++panel) half_order_panels<1>(job, panel, 0);
}

/// Up to 16 rows: a block of weights is parted while the one before is multiplied.
inline void amx_half_few_rows(const GemmJob& job) {
  TileConfig config;
  for (const int tile : {0, 1, 4, 5}) config.rows[tile] = static_cast<std::uint8_t>(job.rows);
  _tile_loadconfig(&config);
  alignas(64) std::uint32_t parted[2][kPartedWords];
  alignas(64) float sums[kTile * kTile];
  for (std::int64_t panel = job.first_panel; panel < job.last_panel; ++panel) {
    const auto* x = static_cast<const Bits16*>(job.x);
    const auto* w = static_cast<const Half*>(job.panels) + panel * job.depth * kPanelCols;
    _tile_zero(0);
    _tile_zero(1);
    part_block(w, parted[0]);
    for (std::int64_t block = 0; block < job.depth / kBlockDepth; ++block, x += kPartedElements) {
      w += kPanelBlock;
      if ((block + 1) * kBlockDepth < job.depth) part_block(w, parted[(block + 1) % 2]);
      const std::uint32_t* tiles = parted[block % 2];
      _tile_loadd(4, x, kRowBytes);
      _tile_loadd(5, x + kTileElements, kRowBytes);
      _tile_loadd(6, tiles, kRowBytes);
      _tile_dpbf16ps(0, 4, 6);
      _tile_loadd(7, tiles + kTileWords, kRowBytes);
      _tile_dpbf16ps(1, 4, 7);
      _tile_dpbf16ps(0, 5, 6);
      _tile_dpbf16ps(1, 5, 7);
      _tile_loadd(6, tiles + 2 * kTileWords, kRowBytes);
      _tile_dpbf16ps(0, 5, 6);
      _tile_loadd(7, tiles + 3 * kTileWords, kRowBytes);
      _tile_dpbf16ps(1, 5, 7);
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
    }
    _tile_stored(0, sums, kRowBytes);
    write_tile<Half>(job, sums, kTile, 0, job.rows, panel * kPanelCols);
    _tile_stored(1, sums, kRowBytes);
    write_tile<Half>(job, sums, kTile, 0, job.rows, panel * kPanelCols + kTile);
  }
}

/// A block of inputs of 32 rows into the four tiles of sums. `lower`: to the rows from the 16th on.
inline void add_half_products(const Bits16* x, std::int64_t lower, const std::uint32_t* tiles) {
  _tile_loadd(4, x, kRowBytes);
  _tile_loadd(6, tiles, kRowBytes);
  _tile_dpbf16ps(0, 4, 6);
  _tile_loadd(5, x + lower, kRowBytes);
  _tile_dpbf16ps(2, 5, 6);
  _tile_loadd(7, tiles + kTileWords, kRowBytes);
  _tile_dpbf16ps(1, 4, 7);
  _tile_dpbf16ps(3, 5, 7);
  _tile_loadd(4, x + kTileElements, kRowBytes);
  _tile_dpbf16ps(0, 4, 6);
  _tile_dpbf16ps(1, 4, 7);
  _tile_loadd(5, x + lower + kTileElements, kRowBytes);
  _tile_dpbf16ps(2, 5, 6);
  _tile_dpbf16ps(3, 5, 7);
  _tile_loadd(6, tiles + 2 * kTileWords, kRowBytes);
  _tile_dpbf16ps(0, 4, 6);
  _tile_dpbf16ps(2, 5, 6);
  _tile_loadd(7, tiles + 3 * kTileWords, kRowBytes);
  _tile_dpbf16ps(1, 4, 7);
  _tile_dpbf16ps(3, 5, 7);
  _tile_loadd(4, x, kRowBytes);
  _tile_dpbf16ps(0, 4, 6);
  _tile_dpbf16ps(1, 4, 7);
  _tile_loadd(5, x + lower, kRowBytes);
  _tile_dpbf16ps(2, 5, 6);
  _tile_dpbf16ps(3, 5, 7);
}

/// 17 to 32 rows, likewise.
inline void amx_half_32_rows(const GemmJob& job) {
  const TileConfig config;
  _tile_loadconfig(&config);
  alignas(64) std::uint32_t parted[2][kPartedWords];
  for (std::int64_t panel = job.first_panel; panel < job.last_panel; ++panel) {
    const auto* x = static_cast<const Bits16*>(job.x);
    const auto* w = static_cast<const Half*>(job.panels) + panel * job.depth * kPanelCols;
    load_sums(job.partial, true);
    part_block(w, parted[0]);
    for (std::int64_t block = 0; block < job.depth / kBlockDepth; ++block, x += kPartedElements) {
      w += kPanelBlock;
      if ((block + 1) * kBlockDepth < job.depth) part_block(w, parted[(block + 1) % 2]);
      add_half_products(x, 2 * kTile * job.depth, parted[block % 2]);
    }
    store_sums_of_block<Half>(job, 0, panel, true);
  }
}

/// Rows [row, row + 32) of a panel, inputs [begin, end), whose parted weights stand at `tiles`.
inline void amx_half_block(const GemmJob& job, std::int64_t row, std::int64_t panel, std::int64_t begin,
                           std::int64_t end, const std::uint32_t* tiles) {
  const Bits16* x = static_cast<const Bits16*>(job.x) + 2 * (row * job.depth + begin * kTile);
  load_sums(job.partial + row * kPanelCols, begin == 0);
  for (std::int64_t k = begin; k < end; k += kBlockDepth, x += kPartedElements, tiles += kPartedWords)
    add_half_products(x, 2 * kTile * job.depth, tiles);
  store_sums_of_block<Half>(job, row, panel, end == job.depth);
}

inline void amx_half_gemm(const GemmJob& job) {
  if (job.rows == 1) return half_order_row(job);
  if (job.rows <= kTile) {
    amx_half_few_rows(job);
  } else if (job.rows <= 2 * kTile) {
    amx_half_32_rows(job);
  } else {
    constexpr std::int64_t kBlocks = 8;  // parted, 32 KiB: they stay in the first-level cache for all rows
    const TileConfig config;
    _tile_loadconfig(&config);
    alignas(64) std::uint32_t parted[kBlocks * kPartedWords];
    for (std::int64_t panel = job.first_panel; panel < job.last_panel; ++panel) {
      const auto* w = static_cast<const Half*>(job.panels) + panel * job.depth * kPanelCols;
      for (std::int64_t begin = 0; begin < job.depth; begin += kBlocks * kBlockDepth) {
        const std::int64_t end =
            begin + kBlocks * kBlockDepth < job.depth ? begin + kBlocks * kBlockDepth : job.depth;
        std::uint32_t* tiles = parted;
        for (std::int64_t k = begin; k < end; k += kBlockDepth, w += kPanelBlock, tiles += kPartedWords)
          part_block(w, tiles);
        for (std::int64_t row = 0; row < job.rows; row += 2 * kTile)
          amx_half_block(job, row, panel, begin, end, parted);
      }
    }
  }
  _tile_release();
}

/// Rows as pairs of tiles of 16 x 32, upper parts and rests; absent rows up to the next 32 and inputs are
/// zero.
inline void amx_pack_half_rows(const PackJob& job, std::int64_t begin, std::int64_t end) {
  const std::int64_t padded_end = (end + 2 * kTile - 1) / (2 * kTile) * (2 * kTile);
  for (std::int64_t r = begin; r < padded_end; ++r) {
    Bits16* to =
        static_cast<Bits16*>(job.packed) + 2 * (r / kTile * kTile * job.depth) + r % kTile * kBlockDepth;
    const Half* x = static_cast<const Half*>(job.x) + r * job.x_stride;
    for (std::int64_t k = 0; k < job.depth; k += kBlockDepth, to += kPartedElements) {
      for (std::int64_t i = 0; i < kBlockDepth; i += kLanes) {
        const std::int64_t left = r < end ? job.cols - k - i : 0;
        const Parted parted(left > 0 ? load_some(x + k + i, left) : VecF{});
        *reinterpret_cast<VecHInMemory*>(to + i) = __builtin_convertvector(parted.upper >> 16, VecH);
        *reinterpret_cast<VecHInMemory*>(to + kTileElements + i) =
            __builtin_convertvector(parted.rest >> 16, VecH);
      }
    }
  }
}

}  // namespace
}  // namespace tpscale::cpu
