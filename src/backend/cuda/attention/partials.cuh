#pragma once
#include "backend/cuda/attention/sequence.cuh"
#include "backend/cuda/attention/split_plan.h"
#include "backend/cuda/attention_scratch.h"
#include "backend/cuda/device/element.cuh"
#include "backend/cuda/device/ptx.cuh"

namespace tpscale::cuda {

template <class T>
__device__ void store_four(T* address, float4 value) {
  struct alignas(4 * sizeof(T)) Four {
    T element[4];
  };
  *reinterpret_cast<Four*>(address) = {
      {from_float<T>(value.x), from_float<T>(value.y), from_float<T>(value.z), from_float<T>(value.w)}};
}

__device__ inline float4 scaled(float4 value, float factor) {
  return make_float4(value.x * factor, value.y * factor, value.z * factor, value.w * factor);
}
__device__ inline float4 added(float4 a, float4 b) {
  return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w);
}

/// One block's share of the keys of one decoding sequence: `heads` query heads from `first_head` of a KV head
/// against keys [begin, end), split number `split` of `splits`. Flash-decoding: Dao, Haziza, Massa and Sizov,
/// "Flash-Decoding for long-context inference" (2023).
template <class T>
struct Split {
  const SequenceHead<T>& sequence;
  const AttentionPartials& partials;
  int first_head;
  int heads;
  int split;
  int splits;
  int begin = 0;
  int end = 0;

  __device__ Split(const SequenceHead<T>& of, const AttentionPartials& all, const SplitPlan& plan, int head,
                   int num_heads)
      : sequence(of), partials(all), first_head(head), heads(num_heads), split(static_cast<int>(blockIdx.x)) {
    const int first = of.first_key(0);
    const int keys = of.end_key(0) - first;
    const int size = plan.keys_per_split(keys);
    splits = plan.splits(keys);
    begin = first + split * size;
    end = min(begin + size, of.end_key(0));
  }

  __device__ bool is_whole() const { return splits == 1; }
  __device__ T* out(int head) const {
    const AttentionArguments<T>& all = sequence.arguments;
    return all.out + sequence.element(first_head + head, all.out_stride);
  }
  /// Index of a head's partial result over split number `number`.
  __device__ std::int64_t partial(int head, int number) const {
    const AttentionArguments<T>& all = sequence.arguments;
    const std::int64_t kv_head = static_cast<std::int64_t>(blockIdx.z) * all.num_kv_heads + sequence.kv_head;
    return (kv_head * all.group + first_head + head) * partials.splits + number;
  }
  __device__ void store_max_and_sum(int head, float max, float sum) const {
    partials.max_and_sum[partial(head, split)] = make_float2(max, sum);
  }
  __device__ float* weighted(int head) const {
    return partials.weighted + partial(head, split) * sequence.arguments.head_dim;
  }

  /// Whether this block is the last of its sequence to have stored its partial results: it then sees those of
  /// all. The count is an integer, and left at 0 for the next launch. All threads take part.
  __device__ bool is_last() const {
    __shared__ bool last;
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) {
      unsigned* arrivals = partials.arrivals + static_cast<std::int64_t>(blockIdx.z) * gridDim.y + blockIdx.y;
      last = atomicAdd(arrivals, 1U) + 1U == static_cast<unsigned>(splits);
      if (last) *arrivals = 0;
      __threadfence();
    }
    __syncthreads();
    return last;
  }

  /// Adds up the partial results in the order of the keys, whichever came last. `weights` has room for heads
  /// * splits floats in shared memory. All threads take part.
  __device__ void merge(float* weights) const {
    __shared__ float4 sums[128];
    find_weights(weights);
    __syncthreads();
    const int dim = sequence.arguments.head_dim;
    const int fours = heads * dim / 4;
    const auto thread = static_cast<int>(threadIdx.x);
    const int parts = max(1, static_cast<int>(blockDim.x) / fours);  // threads that share one four
    for (int first = 0; first < fours; first += static_cast<int>(blockDim.x)) {
      const int four = first + (parts > 1 ? thread % fours : thread);
      const int part = parts > 1 ? thread / fours : 0;
      float4 sum = make_float4(0.0F, 0.0F, 0.0F, 0.0F);
      if (four < fours && part < parts) {
        const int head = four * 4 / dim;
        const auto* from = reinterpret_cast<const float4*>(partials.weighted + partial(head, 0) * dim +
                                                           four * 4 - head * dim);
#pragma unroll 8
        for (int number = part; number < splits; number += parts) {
          sum = added(sum, scaled(load_from_l2(from + static_cast<std::int64_t>(number) * (dim / 4)),
                                  weights[head * splits + number]));
        }
      }
      if (parts > 1) {
        sums[thread] = sum;
        __syncthreads();
        if (part > 0) return;
        for (int other = 1; other < parts; ++other) sum = added(sum, sums[other * fours + four]);
      }
      if (four < fours) store_four(out(0) + four * 4, sum);
    }
  }

 private:
  __device__ void find_weights(float* weights) const {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    for (int head = static_cast<int>(threadIdx.x) / 32; head < heads;
         head += static_cast<int>(blockDim.x) / 32) {
      const float2* from = partials.max_and_sum + partial(head, 0);
      float largest = kMinusInfinity;
      for (int number = lane; number < splits; number += 32) {
        largest = fmaxf(largest, load_from_l2(from + number).x);
      }
      for (int step = 16; step > 0; step /= 2) {
        largest = fmaxf(largest, __shfl_xor_sync(0xFFFFFFFFU, largest, step));
      }
      float sum = 0.0F;
      for (int number = lane; number < splits; number += 32) {
        const float2 max_and_sum = load_from_l2(from + number);
        const float weight = exp2f(max_and_sum.x - largest);
        weights[head * splits + number] = weight;
        sum += max_and_sum.y * weight;
      }
      for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(0xFFFFFFFFU, sum, step);
      for (int number = lane; number < splits; number += 32) weights[head * splits + number] *= 1.0F / sum;
    }
  }
};

/// Zeros for `heads` query heads of a padded sequence, whose blocks are all one's.
template <class T>
__device__ void store_zeros(const SequenceHead<T>& sequence, int first_head, int heads) {
  const AttentionArguments<T>& all = sequence.arguments;
  T* out = all.out + sequence.element(first_head, all.out_stride);
  for (int i = 4 * static_cast<int>(threadIdx.x); i < heads * all.head_dim;
       i += 4 * static_cast<int>(blockDim.x)) {
    store_four(out + i, make_float4(0.0F, 0.0F, 0.0F, 0.0F));
  }
}

}  // namespace tpscale::cuda
