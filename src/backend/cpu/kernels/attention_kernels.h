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
constexpr int kRowsAtOnce = kLanes == 16 ? 9 : 4;

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

template <class Element>
inline const Element* cache_row(const AttentionJob& job, const void* cache, std::int64_t position) {
  const std::int64_t block = job.block_table[position / job.block_size];
  return static_cast<const Element*>(cache) + block * job.block_stride +
         (position % job.block_size) * job.head_dim;
}

/// Keys [begin, end) of the chunk, transposed into panels; zeros for the others.
template <class Element>
inline void load_keys(const AttentionJob& job, const AttentionBlock& block, std::int64_t chunk,
                      std::int64_t begin, std::int64_t end) {
  for (std::int64_t first = 0; first < kKeyChunk; first += kLanes) {
    const Element* rows[kLanes];
    for (int i = 0; i < kLanes; ++i) {
      const std::int64_t position = chunk + first + i;
      rows[i] = position >= begin && position < end ? cache_row<Element>(job, job.keys, position) : nullptr;
    }
    float* panel = block.keys + first / kPanelCols * kPanelCols * block.padded + first % kPanelCols;
    for (std::int64_t d = 0; d < block.dim; d += kLanes) {
      VecF square[kLanes];
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i) {
        square[i] = rows[i] == nullptr ? VecF{} : load_some(rows[i] + d, block.dim - d);
      }
      transpose(square);
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i) store(panel + (d + i) * kPanelCols, square[i]);
    }
  }
}

template <class Element>
inline void load_values(const AttentionJob& job, const AttentionBlock& block, std::int64_t chunk,
                        std::int64_t begin, std::int64_t end) {
  for (std::int64_t i = 0; i < kKeyChunk; ++i) {
    const std::int64_t position = chunk + i;
    const bool there = position >= begin && position < end;
    const Element* row = there ? cache_row<Element>(job, job.values, position) : nullptr;
    for (std::int64_t d = 0; d < block.dim; d += kLanes) {
      const VecF value = there ? load_some(row + d, block.dim - d) : VecF{};
      store(block.values + d / kPanelCols * kPanelCols * kKeyChunk + i * kPanelCols + d % kPanelCols, value);
    }
  }
}

/// out[r, :] = shrink[r] * out[r, :] + x[r, 0..depth) * panels, for MR rows.
template <int MR>
inline void multiply_rows(float* out, std::int64_t out_stride, const float* x, std::int64_t x_stride,
                          const float* panels, std::int64_t panel_size, std::int64_t depth, std::int64_t cols,
                          bool add) {
  constexpr int kVecs = 2;
  for (std::int64_t col = 0; col < cols; col += kVecs * kLanes) {
    VecF acc[1][MR][kVecs] = {};
    if (add) {
#pragma GCC unroll 16
      for (int r = 0; r < MR; ++r) {
#pragma GCC unroll 2
        for (int v = 0; v < kVecs; ++v) acc[0][r][v] = load(out + r * out_stride + col + v * kLanes);
      }
    }
    multiply<1, MR, kVecs, false>(x, x_stride, depth,
                                  panels + col / kPanelCols * panel_size + col % kPanelCols, 0, acc);
#pragma GCC unroll 16
    for (int r = 0; r < MR; ++r) {
#pragma GCC unroll 2
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
  while (rows - row > 2) some(multiply_rows<kRowsAtOnce>, kRowsAtOnce);
  while (row < rows) some(multiply_rows<2>, 2);
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
  for (std::int64_t chunk = begin / kKeyChunk * kKeyChunk; chunk < end; chunk += kKeyChunk) {
    load_keys<Element>(job, block, chunk, begin, end);
    multiply_block(block.scores, kKeyChunk, block.q, block.padded, block.keys, kPanelCols * block.padded,
                   block.dim, kKeyChunk, false, rows);
    for (std::int64_t r = 0; r < rows; ++r) softmax_row(block, r, chunk, first_key(r), position(r));
    load_values<Element>(job, block, chunk, begin, end);
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
