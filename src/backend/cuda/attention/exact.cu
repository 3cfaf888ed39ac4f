#include <type_traits>

#include "backend/cuda/attention/kernels.h"
#include "backend/cuda/attention/row_tile.cuh"
#include "backend/cuda/attention/sequence.cuh"
#include "backend/cuda/device/element.cuh"
#include "backend/cuda/device/launch.cuh"
#include "backend/cuda/device/ptx.cuh"
#include "backend/cuda/device/reduce.cuh"

namespace tpscale::cuda {
namespace {

constexpr int kThreads = 128;
constexpr int kLanes = 8;  ///< that share a row
constexpr int kRows = kThreads / kLanes;
constexpr int kKeys = 32;  ///< of a tile
constexpr int kKeysOfLane = kKeys / kLanes;

/// fp32 tiles in shared memory. Rows are an odd number of words apart: neighbouring keys are in different
/// banks.
struct ExactShared {
  int pitch;
  float* queries;
  float* keys;
  float* values;
  float* weights;  ///< [kRows, kKeys]

  __host__ __device__ static int pitch_of(int head_dim) { return head_dim | 1; }
  static std::size_t bytes(int head_dim) {
    return static_cast<std::size_t>((kRows + 2 * kKeys) * pitch_of(head_dim) + kRows * kKeys) * sizeof(float);
  }
  __device__ explicit ExactShared(int head_dim)
      : pitch(pitch_of(head_dim)),
        queries(dynamic_shared<float>()),
        keys(queries + kRows * pitch),
        values(keys + kKeys * pitch),
        weights(values + kKeys * pitch) {}
};

/// Sum and maximum over the kLanes lanes of a row.
__device__ float max_of_row(float value) {
  for (int step = kLanes / 2; step > 0; step /= 2) {
    value = fmaxf(value, __shfl_xor_sync(kWholeWarp, value, step));
  }
  return value;
}

/// A block a tile of 16 rows: eight lanes to a row, in fp32 throughout, any head_dim up to kDim. Tiles of
/// keys begin at multiples of kKeys, so a row's bits do not depend on its tile.
template <class T, int kDim>
__global__ void __launch_bounds__(kThreads, kDim > 128 ? 2 : 4)
    exact_kernel(const AttentionArguments<T> all, int num_sequences) {
  constexpr int kColumns = kDim / kLanes;  // components of a lane
  const RowTile tile_of_rows =
      RowTile::find(all, num_sequences, kRows, static_cast<int>(gridDim.x - 1 - blockIdx.x));
  if (tile_of_rows.sequence < 0) return;
  const int first_row = tile_of_rows.first_row;
  const SequenceHead<T> sequence(all, tile_of_rows.sequence, static_cast<int>(blockIdx.y));
  const ExactShared shared(all.head_dim);
  const auto thread = static_cast<int>(threadIdx.x);
  const int lane = thread % kLanes;
  const int place = thread / kLanes;
  const int row = first_row + place;
  const bool exists = row < sequence.rows();
  const int row_first = exists ? sequence.first_key(row) : 0;
  const int row_end = exists ? sequence.end_key(row) : 0;

  for (int i = thread; i < kRows * all.head_dim; i += kThreads) {
    const int of = i / all.head_dim;
    const int component = i - of * all.head_dim;
    shared.queries[of * shared.pitch + component] =
        first_row + of < sequence.rows()
            ? to_float(all.q[sequence.element(first_row + of, all.q_stride) + component])
            : 0.0F;
  }

  float out[kColumns] = {};
  float largest = kMinusInfinity;
  float sum = 0.0F;
  const int first_key = sequence.first_key(first_row);
  const int end_key = sequence.end_key(min(first_row + kRows, sequence.rows()) - 1);
  for (int tile = first_key / kKeys * kKeys; tile < end_key; tile += kKeys) {
    __syncthreads();  // the queries are here, and all have done with the last tile
    for (int i = thread; i < kKeys * all.head_dim; i += kThreads) {
      const int of = i / all.head_dim;
      const int component = i - of * all.head_dim;
      const int key = tile + of;
      const bool valid = key >= first_key && key < end_key;
      const std::int64_t from = valid ? sequence.slot(key) + component : 0;
      shared.keys[of * shared.pitch + component] = valid ? to_float(all.keys[from]) : 0.0F;
      shared.values[of * shared.pitch + component] = valid ? to_float(all.values[from]) : 0.0F;
    }
    __syncthreads();

    float score[kKeysOfLane] = {};
    for (int component = 0; component < all.head_dim; ++component) {
      const float query = shared.queries[place * shared.pitch + component];
#pragma unroll
      for (int i = 0; i < kKeysOfLane; ++i) {
        score[i] = fmaf(query, shared.keys[(lane + i * kLanes) * shared.pitch + component], score[i]);
      }
    }
    float tile_largest = kMinusInfinity;
#pragma unroll
    for (int i = 0; i < kKeysOfLane; ++i) {
      const int key = tile + lane + i * kLanes;
      score[i] = key >= row_first && key < row_end ? score[i] * all.score_scale : kMinusInfinity;
      tile_largest = fmaxf(tile_largest, score[i]);
    }
    const float next = fmaxf(largest, max_of_row(tile_largest));
    const float base = next == kMinusInfinity ? 0.0F : next;  // a row that has seen nothing yet
    const float before = exp2f(largest - base);
    largest = next;
    float tile_sum = 0.0F;
#pragma unroll
    for (int i = 0; i < kKeysOfLane; ++i) {
      const float weight = exp2f(score[i] - base);
      shared.weights[place * kKeys + lane + i * kLanes] = weight;
      tile_sum += weight;
    }
    sum = sum * before + sum_lanes(tile_sum, kLanes);
    __syncwarp();  // a row's weights are written and read by the same eight lanes
#pragma unroll
    for (int column = 0; column < kColumns; ++column) out[column] *= before;
    for (int key = 0; key < kKeys; ++key) {
      const float weight = shared.weights[place * kKeys + key];
#pragma unroll
      for (int column = 0; column < kColumns; ++column) {
        const int component = lane + column * kLanes;
        if (component < all.head_dim) {
          out[column] = fmaf(weight, shared.values[key * shared.pitch + component], out[column]);
        }
      }
    }
  }

  if (!exists) return;
  const float factor = sum > 0.0F ? 1.0F / sum : 0.0F;
  T* to = all.out + sequence.element(row, all.out_stride);
#pragma unroll
  for (int column = 0; column < kColumns; ++column) {
    const int component = lane + column * kLanes;
    if (component < all.head_dim) to[component] = from_float<T>(out[column] * factor);
  }
}

template <class Function>
void dispatch_columns(int head_dim, Function&& function) {
  if (head_dim <= 64) return function(std::integral_constant<int, 64>{});
  if (head_dim <= 128) return function(std::integral_constant<int, 128>{});
  return function(std::integral_constant<int, kLargestHeadDim>{});
}

}  // namespace

template <class T>
void launch_exact(cudaStream_t stream, const AttentionArguments<T>& arguments,
                  const AttentionBounds& bounds) {
  const dim3 grid(RowTile::most(bounds.tokens, bounds.sequences, arguments.group, kRows),
                  static_cast<unsigned>(arguments.num_kv_heads));
  dispatch_columns(arguments.head_dim, [&](auto dim) {
    launch(stream, grid, dim3(kThreads), ExactShared::bytes(arguments.head_dim), exact_kernel<T, dim()>,
           arguments, bounds.sequences);
  });
}

template void launch_exact(cudaStream_t, const AttentionArguments<float>&, const AttentionBounds&);
template void launch_exact(cudaStream_t, const AttentionArguments<__nv_bfloat16>&, const AttentionBounds&);
template void launch_exact(cudaStream_t, const AttentionArguments<__half>&, const AttentionBounds&);

}  // namespace tpscale::cuda
