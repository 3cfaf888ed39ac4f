#pragma once
// Attention of one KV head over the paged cache, with an online softmax (Milakov, Gimelshein, "Online
// normalizer calculation for softmax", 2018) over chunks of kKeyChunk positions counted from 0. Chunks, and
// the order of sums within them, are the same for prefill and decode, for every block size and however a
// prefill was cut: so are the bits.
#include "backend/cpu/kernels/gemm_micro.h"
#include "backend/cpu/kernels/kernels.h"
#include "backend/cpu/kernels/vec.h"

namespace tpscale::cpu {
namespace {

constexpr float kMasked = -3.3e38F;
constexpr float kNothingYet = -3.0e38F;  // larger than kMasked, so that exp(kMasked - it) is 0
constexpr int kRowsAtOnce = kLanes == 16 ? 13 : 4;

/// A block of query rows on its way through the chunks. A row is one query head of one token.
struct AttentionBlock {
  explicit AttentionBlock(const AttentionJob& job)
      : dim(job.head_dim),
        padded(padded_head_dim(job.head_dim)),
        q(job.scratch),
        sums(q + (kQueryRows + kSpareRows) * padded),
        scores(sums + (kQueryRows + kSpareRows) * padded),
        keys(scores + (kQueryRows + kSpareRows) * kKeyChunk),
        values(keys + kKeyChunk * padded),
        largest(values + kKeyChunk * padded),
        totals(largest + kQueryRows) {}

  std::int64_t dim;
  std::int64_t padded;  // dim, up to whole panels
  float* q;             // [rows, padded], scaled
  float* sums;          // [rows, padded]
  float* scores;        // [rows, kKeyChunk]
  float* keys;          // two panels [dim, 32] of keys
  float* values;        // padded / 32 panels [kKeyChunk, 32] of components
  float* largest;       // [rows]
  float* totals;        // [rows]
};

/// Where the rows of a chunk begin in the cache of keys (and of values alike), in elements; -1: outside
/// [begin, end).
struct ChunkRows {
  ChunkRows(const AttentionJob& job, std::int64_t chunk, std::int64_t begin, std::int64_t end)
      : whole(chunk >= begin && chunk + kKeyChunk <= end) {
    const std::int64_t first = chunk > begin ? chunk : begin;
    std::int64_t block = first / job.block_size;
    std::int64_t slot = first - block * job.block_size;
    for (std::int64_t i = 0; i < kKeyChunk; ++i) {
      if (chunk + i < first || chunk + i >= end) {
        offsets[i] = -1;
        continue;
      }
      if (slot == job.block_size) {
        slot = 0;
        ++block;
      }
      offsets[i] = job.block_table[block] * job.block_stride + slot * job.head_dim;
      ++slot;
    }
  }
  bool whole;  // no row is outside
  std::int64_t offsets[kKeyChunk];
};

/// kLanes components from d on of kLanes rows; zeros for what is not there. kWhole: everything is there.
template <class Element, bool kWhole>
inline void load_square(const Element* cache, const std::int64_t* offsets, std::int64_t d, std::int64_t left,
                        VecF (&square)[kLanes]) {
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i) {
    if constexpr (kWhole) {
      square[i] = load(cache + offsets[i] + d);
    } else {
      square[i] = offsets[i] < 0 ? VecF{} : load_some(cache + offsets[i] + d, left);
    }
  }
}

/// The keys of a chunk, transposed into panels.
template <class Element>
inline void load_keys(const AttentionJob& job, const AttentionBlock& block, const ChunkRows& rows) {
  const auto* cache = static_cast<const Element*>(job.keys);
  for (std::int64_t first = 0; first < kKeyChunk; first += kLanes) {
    float* panel = block.keys + first / kPanelCols * kPanelCols * block.padded + first % kPanelCols;
    for (std::int64_t d = 0; d < block.dim; d += kLanes) {
      VecF square[kLanes];
      const std::int64_t left = block.dim - d;
      if (rows.whole && left >= kLanes) {
        load_square<Element, true>(cache, rows.offsets + first, d, left, square);
      } else {
        load_square<Element, false>(cache, rows.offsets + first, d, left, square);
      }
      transpose(square);
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i) store(panel + (d + i) * kPanelCols, square[i]);
    }
  }
}

template <class Element>
inline void load_values(const AttentionJob& job, const AttentionBlock& block, const ChunkRows& rows) {
  const auto* cache = static_cast<const Element*>(job.values);
  const std::int64_t full = block.dim / kLanes * kLanes;
  for (std::int64_t i = 0; i < kKeyChunk; ++i) {
    const std::int64_t offset = rows.offsets[i];
    float* to = block.values + i * kPanelCols;
    const auto place = [&](std::int64_t d) {
      return to + d / kPanelCols * kPanelCols * kKeyChunk + d % kPanelCols;
    };
    if (offset < 0) {
      for (std::int64_t d = 0; d < block.dim; d += kLanes) store(place(d), VecF{});
      continue;
    }
    for (std::int64_t d = 0; d < full; d += kLanes) store(place(d), load(cache + offset + d));
    if (full < block.dim) store(place(full), load_part(cache + offset + full, block.dim - full));
  }
}

/// out[r, :] (+)= x[r, 0..depth) * panels, for MR rows.
template <int MR, int kVecs>
inline void multiply_rows(float* out, std::int64_t out_stride, const float* x, std::int64_t x_stride,
                          const float* panels, std::int64_t panel_size, std::int64_t depth, std::int64_t cols,
                          bool add) {
  for (std::int64_t col = 0; col < cols; col += kVecs * kLanes) {
    VecF acc[1][MR][kVecs] = {};
    if (add) {
#pragma GCC unroll 16
      for (int r = 0; r < MR; ++r) {
#pragma GCC unroll 4
        for (int v = 0; v < kVecs; ++v) acc[0][r][v] = load(out + r * out_stride + col + v * kLanes);
      }
    }
    multiply<1, MR, kVecs, false>(x, x_stride, depth,
                                  panels + col / kPanelCols * panel_size + col % kPanelCols, 0, acc);
#pragma GCC unroll 16
    for (int r = 0; r < MR; ++r) {
#pragma GCC unroll 4
      for (int v = 0; v < kVecs; ++v) store(out + r * out_stride + col + v * kLanes, acc[0][r][v]);
    }
  }
}

inline void multiply_block(float* out, std::int64_t out_stride, const float* x, std::int64_t x_stride,
                           const float* panels, std::int64_t panel_size, std::int64_t depth,
                           std::int64_t cols, bool add, std::int64_t rows) {
  std::int64_t row = 0;
  const auto some = [&](auto kernel, std::int64_t count) {
    kernel(out + row * out_stride, out_stride, x + row * x_stride, x_stride, panels, panel_size, depth, cols,
           add);
    row += count;
  };
  while (rows - row > 4) some(multiply_rows<kRowsAtOnce, 2>, kRowsAtOnce);
  while (row < rows) some(multiply_rows<2, 2>, 2);
}

/// Scores of a row become weights; its sums shrink by what its largest score grew.
inline void softmax_row(const AttentionBlock& block, std::int64_t row, std::int64_t chunk, std::int64_t first,
                        std::int64_t last) {
  float* scores = block.scores + row * kKeyChunk;
  VecI lane;
  for (int i = 0; i < kLanes; ++i) lane[i] = i;
  const auto low = static_cast<std::int32_t>(first - chunk > 0 ? first - chunk : 0);
  const auto high = static_cast<std::int32_t>(last - chunk < kKeyChunk ? last - chunk : kKeyChunk);
  VecF most = splat(block.largest[row]);
  for (std::int32_t i = 0; i < kKeyChunk; i += kLanes) {
    const VecI key = lane + i;
    const VecF score = (key >= low) & (key <= high) ? load(scores + i) : splat(kMasked);
    store(scores + i, score);
    most = max(most, score);
  }
  const float top = largest(most);
  const float shrink = exp(splat(block.largest[row] - top))[0];
  block.largest[row] = top;
  VecF total{};
  for (std::int64_t i = 0; i < kKeyChunk; i += kLanes) {
    const VecF weight = exp(load(scores + i) - top);
    store(scores + i, weight);
    total += weight;
  }
  block.totals[row] = block.totals[row] * shrink + sum(total);
  if (shrink == 1.0F) return;
  float* sums = block.sums + row * block.padded;
  for (std::int64_t d = 0; d < block.padded; d += kLanes) store(sums + d, load(sums + d) * shrink);
}

template <class Element>
inline void attend_rows(const AttentionJob& job, std::int64_t first_row, std::int64_t rows) {
  AttentionBlock block(job);
  const auto position = [&](std::int64_t row) { return job.first_position + (first_row + row) / job.group; };
  const auto first_key = [&](std::int64_t row) {
    const std::int64_t last = position(row);
    return job.window > 0 && last + 1 > job.window ? last + 1 - job.window : 0;
  };
  for (std::int64_t r = 0; r < rows; ++r) {
    const std::int64_t head = (first_row + r) % job.group;
    const auto* q =
        static_cast<const Element*>(job.q) + (first_row + r) / job.group * job.q_stride + head * block.dim;
    for (std::int64_t d = 0; d < block.dim; d += kLanes) {
      store(block.q + r * block.padded + d, load_some(q + d, block.dim - d) * job.scale);
    }
    for (std::int64_t d = 0; d < block.padded; d += kLanes) store(block.sums + r * block.padded + d, VecF{});
    block.largest[r] = kNothingYet;
    block.totals[r] = 0.0F;
  }
  const std::int64_t begin = first_key(0);
  const std::int64_t end = position(rows - 1) + 1;
  const std::int64_t first_chunk = begin / kKeyChunk * kKeyChunk;
  ChunkRows chunk_rows(job, first_chunk, begin, end);
  for (std::int64_t chunk = first_chunk; chunk < end; chunk += kKeyChunk) {
    load_keys<Element>(job, block, chunk_rows);
    multiply_block(block.scores, kKeyChunk, block.q, block.padded, block.keys, kPanelCols * block.padded,
                   block.dim, kKeyChunk, false, rows);
    for (std::int64_t r = 0; r < rows; ++r) softmax_row(block, r, chunk, first_key(r), position(r));
    load_values<Element>(job, block, chunk_rows);
    chunk_rows = ChunkRows(job, chunk + kKeyChunk, begin, end);
    multiply_block(block.sums, block.padded, block.scores, kKeyChunk, block.values, kPanelCols * kKeyChunk,
                   kKeyChunk, block.padded, true, rows);
  }
  for (std::int64_t r = 0; r < rows; ++r) {
    const std::int64_t head = (first_row + r) % job.group;
    auto* out =
        static_cast<Element*>(job.out) + (first_row + r) / job.group * job.out_stride + head * block.dim;
    for (std::int64_t d = 0; d < block.dim; d += kLanes) {
      store_some(out + d, load(block.sums + r * block.padded + d) / block.totals[r], block.dim - d);
    }
  }
}

template <class Element>
void attention(const AttentionJob& job) {
  for (std::int64_t row = job.first_row; row < job.last_row; row += kQueryRows) {
    const std::int64_t left = job.last_row - row;
    attend_rows<Element>(job, row, left < kQueryRows ? left : kQueryRows);
  }
}

}  // namespace
}  // namespace tpscale::cpu
