#pragma once
#include <cstdint>
#include <cstring>

#include "backend/cuda/attention/mma_shape.h"
#include "backend/cuda/attention/sequence.cuh"
#include "backend/cuda/device/ptx.cuh"

namespace tpscale::cuda {

template <class T>
struct PairOf;
template <>
struct PairOf<__nv_bfloat16> {
  __device__ static __nv_bfloat162 round(float low, float high) { return __floats2bfloat162_rn(low, high); }
};
template <>
struct PairOf<__half> {
  __device__ static __half2 round(float low, float high) { return __floats2half2_rn(low, high); }
};

/// Two values rounded to T, `low` in the lower half.
template <class T>
__device__ std::uint32_t pack(float low, float high) {
  const auto pair = PairOf<T>::round(low, high);
  std::uint32_t bits;
  std::memcpy(&bits, &pair, sizeof(bits));
  return bits;
}

/// What a lane holds of 16 rows' attention: rows lane / 4 and lane / 4 + 8 of its warp.
template <int kDim>
struct MmaResult {
  float out[kDim / 8][4] = {};  ///< sum of weight * value; elements as those of an mma's C
  float max[2] = {kMinusInfinity, kMinusInfinity};  ///< of the scaled scores
  float sum[2] = {0.0F, 0.0F};                      ///< of the weights
};

/// Attention of kRows rows from `first_row` to keys [first_key, end_key) of a sequence, on tensor cores, with
/// the softmax's maximum and sum carried along (Dao, "FlashAttention-2: Faster Attention with Better
/// Parallelism and Work Partitioning", 2023, algorithm 1). Tiles of keys begin at multiples of kKeys, so a
/// row's bits depend neither on the tile it is in nor on its place there.
template <class T, int kDim>
class MmaTile {
 public:
  using Shape = MmaShape<kDim>;

  __device__ MmaTile(const SequenceHead<T>& sequence, int first_row, int first_key, int end_key)
      : sequence_(sequence), first_row_(first_row), first_key_(first_key), end_key_(end_key) {}

  /// All threads of the block take part. Leaves the shared memory in use by warps that are behind.
  __device__ MmaResult<kDim> attend() {
    MmaResult<kDim> result;
    if (first_key_ >= end_key_) return result;
    load_queries();
    copy_async_commit();
    int tile = first_key_ / Shape::kKeys * Shape::kKeys;
    int stage = 0;
    load_tile(stage, tile);
    copy_async_commit();
    copy_async_wait<1>();
    __syncthreads();
    if constexpr (Shape::kQueriesInRegisters) {
#pragma unroll
      for (int step = 0; step < kSteps; ++step) load_matrices(queries_[step], query_address(step));
    }
    see_rows();
    for (; tile < end_key_; tile += Shape::kKeys) {
      copy_async_wait<0>();
      __syncthreads();  // the tile is here, and every warp has done with the other stage
      if (tile + Shape::kKeys < end_key_) load_tile(stage ^ 1, tile + Shape::kKeys);
      copy_async_commit();
      if (tile < warp_end_ && tile + Shape::kKeys > warp_first_) add_tile(stage, tile, result);
      stage ^= 1;
    }
#pragma unroll
    for (int half = 0; half < 2; ++half) result.sum[half] = sum_quad(result.sum[half]);
    return result;
  }

  /// Row of the sequence head that `half` of a lane's results belongs to; it may not exist.
  __device__ int row(int half) const {
    return warp_row() + lane() / 4 + 8 * half;
  }
  __device__ static int lane() {
    return static_cast<int>(threadIdx.x) % 32;
  }
  __device__ static int warp() {
    return static_cast<int>(threadIdx.x) / 32;
  }

 private:
  static constexpr int kSteps = kDim / 16;           ///< of a score's sum over the components
  static constexpr int kColumns = Shape::kKeys / 8;  ///< mma tiles of a score row

  __device__ int warp_row() const {
    return first_row_ + warp() * Shape::kRowsOfWarp;
  }
  __device__ static T* stage_keys(int stage) {
    return dynamic_shared<T>() + Shape::kQueryTile + stage * 2 * Shape::kTile;
  }
  __device__ static T* stage_values(int stage) {
    return stage_keys(stage) + Shape::kTile;
  }
  /// Where registers hold the queries, they pass through the second stage.
  __device__ static T* query_tile() {
    return Shape::kQueriesInRegisters ? stage_keys(1) : dynamic_shared<T>();
  }
  __device__ static const T* query_address(int step) {
    const int place = warp() * Shape::kRowsOfWarp + lane() % 16;
    return query_tile() + place * Shape::kPitch + step * 16 + lane() / 16 * 8;
  }
  __device__ static float sum_quad(float value) {
    value += __shfl_xor_sync(0xFFFFFFFFU, value, 1);
    return value + __shfl_xor_sync(0xFFFFFFFFU, value, 2);
  }
  __device__ static float max_quad(float value) {
    value = fmaxf(value, __shfl_xor_sync(0xFFFFFFFFU, value, 1));
    return fmaxf(value, __shfl_xor_sync(0xFFFFFFFFU, value, 2));
  }

  __device__ void load_queries() const {
    const AttentionArguments<T>& all = sequence_.arguments;
    for (int i = static_cast<int>(threadIdx.x); i < Shape::kRows * Shape::kVectors; i += Shape::kThreads) {
      const int place = i / Shape::kVectors;
      const int component = i % Shape::kVectors * 8;
      const int row = first_row_ + place;
      const bool valid = row < sequence_.rows() && component < all.head_dim;
      const T* from = valid ? all.q + sequence_.element(row, all.q_stride) + component : all.q;
      copy_async_16(query_tile() + place * Shape::kPitch + component, from, valid);
    }
  }

  /// Keys and values that no row of the tile may see become zeros: what lies there may be a NaN, which a
  /// weight of zero does not hide.
  __device__ void load_tile(int stage, int first) const {
    const AttentionArguments<T>& all = sequence_.arguments;
#pragma unroll 4
    for (int i = static_cast<int>(threadIdx.x); i < Shape::kKeys * Shape::kVectors; i += Shape::kThreads) {
      const int place = i / Shape::kVectors;
      const int component = i % Shape::kVectors * 8;
      const int key = first + place;
      const bool valid = key >= first_key_ && key < end_key_ && component < all.head_dim;
      const std::int64_t from = valid ? sequence_.slot(key) + component : 0;
      const int to = place * Shape::kPitch + component;
      copy_async_16(stage_keys(stage) + to, all.keys + from, valid);
      copy_async_16(stage_values(stage) + to, all.values + from, valid);
    }
  }

  /// Which keys this lane's rows see, and all rows of the warp. Rows that do not exist see none.
  __device__ void see_rows() {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const bool exists = row(half) < sequence_.rows();
      row_end_[half] = exists ? min(sequence_.end_key(row(half)), end_key_) : 0;
      row_first_[half] = exists ? max(sequence_.first_key(row(half)), first_key_) : 0;
    }
    const int rows = min(Shape::kRowsOfWarp, sequence_.rows() - warp_row());
    if (rows <= 0) return;
    const int last = warp_row() + rows - 1;
    warp_first_ = max(sequence_.first_key(warp_row()), first_key_);
    warp_end_ = min(sequence_.end_key(last), end_key_);
    if (rows < Shape::kRowsOfWarp) return;
    all_first_ = max(sequence_.first_key(last), first_key_);
    all_end_ = min(sequence_.end_key(warp_row()), end_key_);
  }

  __device__ void add_tile(int stage, int tile, MmaResult<kDim>& result) {
    float scores[kColumns][4] = {};
    multiply_keys(stage, scores);
    if (tile < all_first_ || tile + Shape::kKeys > all_end_) mask(tile, scores);
    weigh(scores, result);
    add_values(stage, scores, result);
  }

  __device__ void multiply_keys(int stage, float (&scores)[kColumns][4]) const {
    // Matrices 0 and 1 of a load are two halves of 16 components of eight keys, 2 and 3 of the next eight.
    const T* keys = stage_keys(stage) + (lane() / 16 * 8 + lane() % 8) * Shape::kPitch + lane() / 8 % 2 * 8;
#pragma unroll
    for (int step = 0; step < kSteps; ++step) {
      std::uint32_t query[4];
      if constexpr (Shape::kQueriesInRegisters) {
#pragma unroll
        for (int i = 0; i < 4; ++i) query[i] = queries_[step][i];
      } else {
        load_matrices(query, query_address(step));
      }
#pragma unroll
      for (int column = 0; column < kColumns; column += 2) {
        std::uint32_t key[4];
        load_matrices(key, keys + column * 8 * Shape::kPitch + step * 16);
        multiply_add<T>(scores[column], query, key[0], key[1]);
        multiply_add<T>(scores[column + 1], query, key[2], key[3]);
      }
    }
  }

  __device__ void mask(int tile, float (&scores)[kColumns][4]) const {
#pragma unroll
    for (int column = 0; column < kColumns; ++column) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const int key = tile + column * 8 + lane() % 4 * 2 + i % 2;
        if (key < row_first_[i / 2] || key >= row_end_[i / 2]) scores[column][i] = kMinusInfinity;
      }
    }
  }

  /// Scores become weights; what was summed before is brought to the new maximum.
  __device__ void weigh(float (&scores)[kColumns][4], MmaResult<kDim>& result) const {
    const float scale = sequence_.arguments.score_scale;
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      float largest = kMinusInfinity;
#pragma unroll
      for (int column = 0; column < kColumns; ++column) {
        largest = fmaxf(largest, fmaxf(scores[column][2 * half], scores[column][2 * half + 1]));
      }
      largest = fmaxf(result.max[half], max_quad(largest) * scale);
      const float base = largest == kMinusInfinity ? 0.0F : largest;  // a row that has seen nothing yet
      const float before = exp2f(result.max[half] - base);
      float sum = 0.0F;
#pragma unroll
      for (int column = 0; column < kColumns; ++column) {
#pragma unroll
        for (int i = 2 * half; i < 2 * half + 2; ++i) {
          scores[column][i] = exp2f(fmaf(scores[column][i], scale, -base));
          sum += scores[column][i];
        }
      }
      result.max[half] = largest;
      result.sum[half] = result.sum[half] * before + sum;
#pragma unroll
      for (int part = 0; part < kDim / 8; ++part) {
        result.out[part][2 * half] *= before;
        result.out[part][2 * half + 1] *= before;
      }
    }
  }

  /// The scores' C fragments are, rounded to T, the A fragments of the next product.
  __device__ void add_values(int stage, const float (&weights)[kColumns][4], MmaResult<kDim>& result) const {
    const T* values = stage_values(stage) + lane() % 16 * Shape::kPitch + lane() / 16 * 8;
#pragma unroll
    for (int column = 0; column < kColumns; column += 2) {
      const std::uint32_t weight[4] = {pack<T>(weights[column][0], weights[column][1]),
                                       pack<T>(weights[column][2], weights[column][3]),
                                       pack<T>(weights[column + 1][0], weights[column + 1][1]),
                                       pack<T>(weights[column + 1][2], weights[column + 1][3])};
#pragma unroll
      for (int part = 0; part < kDim / 8; part += 2) {
        std::uint32_t value[4];
        load_matrices_transposed(value, values + column * 8 * Shape::kPitch + part * 8);
        multiply_add<T>(result.out[part], weight, value[0], value[1]);
        multiply_add<T>(result.out[part + 1], weight, value[2], value[3]);
      }
    }
  }

  const SequenceHead<T>& sequence_;
  int first_row_;
  int first_key_;
  int end_key_;
  int row_first_[2];  ///< keys that this lane's rows see
  int row_end_[2];
  int warp_first_ = 0;  ///< keys that any row of the warp sees
  int warp_end_ = 0;
  int all_first_ = 0;  ///< keys that all 16 rows of the warp see
  int all_end_ = 0;
  std::uint32_t queries_[Shape::kQueriesInRegisters ? kSteps : 1][4];
};

}  // namespace tpscale::cuda
