#include <algorithm>

#include "backend/cuda/attention/kernels.h"
#include "backend/cuda/attention/partials.cuh"
#include "backend/cuda/device/launch.cuh"
#include "backend/cuda/device/reduce.cuh"

namespace tpscale::cuda {
namespace {

constexpr int kThreads = 128;
constexpr int kLanes = 8;                 ///< that share a key
constexpr int kSets = kThreads / kLanes;  ///< keys a block looks at in one go
constexpr int kWarps = kThreads / kWarpSize;

/// kHeads query heads against one split of the keys. Eight lanes read a row of head_dim components, kVectors
/// vectors of 16 bytes each; first all scores, then their softmax, then the values: so queries and sums are
/// never in registers together and many loads can be under way.
template <class T, int kVectors, int kHeads>
class DecodeBlock {
 public:
  static constexpr int kSize = Vector<T>::kSize;
  static constexpr int kWidth = kVectors * kSize;                ///< components of a lane
  static constexpr int kDim = kLanes * kWidth;                   ///< head_dim at most
  static constexpr int kBlocks = kWidth * kHeads >= 64 ? 3 : 4;  ///< of a multiprocessor, by their registers
  static constexpr int kUnroll = kVectors >= 4 ? 2 : 4;  ///< keys of eight lanes whose loads are under way

  __device__ explicit DecodeBlock(const Split<T>& split)
      : split_(split), all_(split.sequence.arguments), keys_(split.end - split.begin) {}

  __device__ void run() {
    score();
    Rows values;
    load(all_.values, 0, values);  // on their way while the softmax is computed
    __syncthreads();
    const auto head = static_cast<int>(threadIdx.x) / kWarpSize;
    if (head < kHeads) weigh(head);
    __syncthreads();
    add_values(values);
    if (split_.is_whole()) return;
    if (split_.is_last()) split_.merge(shared());
  }

  /// Floats of shared memory.
  static int shared_floats(int keys, int splits) { return kHeads * std::max({keys, kWarps * kDim, splits}); }

 private:
  struct Rows {
    Vector<T> vector[kUnroll][kVectors];
  };

  __device__ static float* shared() { return dynamic_shared<float>(); }
  __device__ static int lane() { return static_cast<int>(threadIdx.x) % kLanes; }
  __device__ static int key_of(int base, int unrolled) {
    return base + static_cast<int>(threadIdx.x) / kLanes + unrolled * kSets;
  }
  __device__ static int component(int vector) { return (lane() + vector * kLanes) * kSize; }

  /// Zeros beyond the split's end and beyond head_dim.
  __device__ void load(const T* from, int base, Rows& rows) const {
#pragma unroll
    for (int u = 0; u < kUnroll; ++u) {
      const int key = key_of(base, u);
      const bool valid = key < keys_;
      const T* row = valid ? from + split_.sequence.slot(split_.begin + key) : from;
#pragma unroll
      for (int v = 0; v < kVectors; ++v) {
        rows.vector[u][v] =
            valid && component(v) < all_.head_dim ? load_vector(row + component(v)) : Vector<T>{};
      }
    }
  }

  /// Scores of all keys, scaled: shared [keys, kHeads].
  __device__ void score() const {
    float query[kHeads][kWidth];
    load_queries(query);
    for (int base = 0; base < keys_; base += kSets * kUnroll) {
      Rows rows;
      load(all_.keys, base, rows);
#pragma unroll
      for (int u = 0; u < kUnroll; ++u) {
        float score[kHeads] = {};
#pragma unroll
        for (int i = 0; i < kWidth; ++i) {
          const float key = to_float(rows.vector[u][i / kSize].element[i % kSize]);
#pragma unroll
          for (int head = 0; head < kHeads; ++head) score[head] = fmaf(query[head][i], key, score[head]);
        }
#pragma unroll
        for (int head = 0; head < kHeads; ++head) {
          score[head] = sum_lanes(score[head], kLanes) * all_.score_scale;
          if (lane() == head && key_of(base, u) < keys_)
            shared()[key_of(base, u) * kHeads + head] = score[head];
        }
      }
    }
  }

  __device__ void load_queries(float (&query)[kHeads][kWidth]) const {
#pragma unroll
    for (int head = 0; head < kHeads; ++head) {
      const bool exists = head < split_.heads;
      const T* row =
          exists ? all_.q + split_.sequence.element(split_.first_head + head, all_.q_stride) : all_.q;
#pragma unroll
      for (int v = 0; v < kVectors; ++v) {
        const Vector<T> vector =
            exists && component(v) < all_.head_dim ? load_vector(row + component(v)) : Vector<T>{};
#pragma unroll
        for (int i = 0; i < kSize; ++i) query[head][v * kSize + i] = to_float(vector.element[i]);
      }
    }
  }

  /// One warp: a head's scores become weights, not yet divided by their sum.
  __device__ void weigh(int head) {
    const auto first = static_cast<int>(threadIdx.x) % kWarpSize;
    float* scores = shared() + head;
    float largest = kMinusInfinity;
    for (int key = first; key < keys_; key += kWarpSize) largest = fmaxf(largest, scores[key * kHeads]);
    for (int step = kWarpSize / 2; step > 0; step /= 2) {
      largest = fmaxf(largest, __shfl_xor_sync(kWholeWarp, largest, step));
    }
    float sum = 0.0F;
    for (int key = first; key < keys_; key += kWarpSize) {
      const float weight = exp2f(scores[key * kHeads] - largest);
      scores[key * kHeads] = weight;
      sum += weight;
    }
    sum = sum_lanes(sum);
    if (first == 0) stats()[head] = make_float2(largest, sum);
  }

  __device__ void add_values(Rows& rows) const {
    float sum[kHeads][kWidth] = {};
    for (int base = 0;;) {
#pragma unroll
      for (int u = 0; u < kUnroll; ++u) {
        float weight[kHeads] = {};
        if (key_of(base, u) < keys_) load_floats(weight, shared() + key_of(base, u) * kHeads);
#pragma unroll
        for (int i = 0; i < kWidth; ++i) {
          const float value = to_float(rows.vector[u][i / kSize].element[i % kSize]);
#pragma unroll
          for (int head = 0; head < kHeads; ++head) sum[head][i] = fmaf(weight[head], value, sum[head][i]);
        }
      }
      base += kSets * kUnroll;
      if (base >= keys_) break;
      load(all_.values, base, rows);
    }
    __syncthreads();  // the weights have been read: their place takes the warps' sums
    const auto warp = static_cast<int>(threadIdx.x) / kWarpSize;
#pragma unroll
    for (int head = 0; head < kHeads; ++head) {
#pragma unroll
      for (int i = 0; i < kWidth; ++i) {
        sum[head][i] += __shfl_xor_sync(kWholeWarp, sum[head][i], kLanes);
        sum[head][i] += __shfl_xor_sync(kWholeWarp, sum[head][i], 2 * kLanes);
        if (static_cast<int>(threadIdx.x) % kWarpSize < kLanes) {
          shared()[(warp * kHeads + head) * kDim + component(i / kSize) + i % kSize] = sum[head][i];
        }
      }
    }
    __syncthreads();
    store();
  }

  __device__ void store() const {
    const auto thread = static_cast<int>(threadIdx.x);
    const int fours = all_.head_dim / 4;
    for (int i = thread; i < split_.heads * fours; i += kThreads) {
      const int head = i / fours;
      const int at = (i - head * fours) * 4;
      float4 sum = make_float4(0.0F, 0.0F, 0.0F, 0.0F);
      for (int warp = 0; warp < kWarps; ++warp) {
        sum = added(sum, *reinterpret_cast<const float4*>(shared() + (warp * kHeads + head) * kDim + at));
      }
      if (split_.is_whole()) {
        store_four(split_.out(head) + at, scaled(sum, 1.0F / stats()[head].y));
      } else {
        store_four(split_.weighted(head) + at, sum);
      }
    }
    if (!split_.is_whole() && thread < split_.heads) {
      split_.store_max_and_sum(thread, stats()[thread].x, stats()[thread].y);
    }
  }

  /// Maximum and sum of each head.
  __device__ static float2* stats() {
    __shared__ float2 of_heads[kHeads];
    return of_heads;
  }

  const Split<T>& split_;
  const AttentionArguments<T>& all_;
  int keys_;
};

template <class T, int kVectors, int kHeads>
__global__ void __launch_bounds__(kThreads, DecodeBlock<T, kVectors, kHeads>::kBlocks)
    decode_kernel(const AttentionArguments<T> arguments, const SplitPlan plan,
                  const AttentionPartials partials) {
  const int parts = static_cast<int>(gridDim.y) / arguments.num_kv_heads;
  const int kv_head = static_cast<int>(blockIdx.y) / parts;
  const int first_head = (static_cast<int>(blockIdx.y) - kv_head * parts) * kHeads;
  const int heads = min(kHeads, arguments.group - first_head);
  const SequenceHead<T> sequence(arguments, static_cast<int>(blockIdx.z), kv_head);
  if (sequence.queries == 0) return;
  if (sequence.context == 0) {
    if (blockIdx.x == 0) store_zeros(sequence, first_head, heads);
    return;
  }
  const Split<T> split(sequence, partials, plan, first_head, heads);
  if (split.split >= split.splits) return;
  DecodeBlock<T, kVectors, kHeads>(split).run();
}

int heads_of_block(int group, int head_dim) {
  const int most = head_dim > 128 ? 2 : 4;  // the queries' registers: 64 a lane
  return group == 1 ? 1 : std::min(most, group == 2 ? 2 : 4);
}

/// Calls function(vectors, heads) with integral constants.
template <class T, class Function>
void dispatch_shape(int group, int head_dim, Function&& function) {
  const auto with_heads = [&](auto vectors) {
    constexpr int kMost = vectors() * Vector<T>::kSize > 16 ? 2 : 4;
    const int heads = heads_of_block(group, head_dim);
    if (heads == 1) return function(vectors, std::integral_constant<int, 1>{});
    if (heads == 2) return function(vectors, std::integral_constant<int, 2>{});
    return function(vectors, std::integral_constant<int, kMost>{});
  };
  const int vectors = (head_dim / Vector<T>::kSize + kLanes - 1) / kLanes;
  if (vectors <= 1) return with_heads(std::integral_constant<int, 1>{});
  if (vectors <= 2) return with_heads(std::integral_constant<int, 2>{});
  if (vectors <= 4) return with_heads(std::integral_constant<int, 4>{});
  if constexpr (sizeof(T) == 4) return with_heads(std::integral_constant<int, 8>{});
}

}  // namespace

int decode_head_parts(int group, int head_dim) {
  const int heads = heads_of_block(group, head_dim);
  return (group + heads - 1) / heads;
}

template <class T>
void launch_decode(cudaStream_t stream, const AttentionArguments<T>& arguments, const AttentionBounds& bounds,
                   const SplitPlan& plan, const AttentionPartials& partials) {
  const int parts = decode_head_parts(arguments.group, arguments.head_dim);
  const dim3 grid(static_cast<unsigned>(partials.splits),
                  static_cast<unsigned>(arguments.num_kv_heads * parts),
                  static_cast<unsigned>(bounds.sequences));
  dispatch_shape<T>(arguments.group, arguments.head_dim, [&](auto vectors, auto heads) {
    using Block = DecodeBlock<T, vectors(), heads()>;
    const int floats = Block::shared_floats(plan.keys_per_split(bounds.visible_keys), partials.splits);
    launch(stream, grid, dim3(kThreads), static_cast<std::size_t>(floats) * sizeof(float),
           decode_kernel<T, vectors(), heads()>, arguments, plan, partials);
  });
}

template void launch_decode(cudaStream_t, const AttentionArguments<float>&, const AttentionBounds&,
                            const SplitPlan&, const AttentionPartials&);
template void launch_decode(cudaStream_t, const AttentionArguments<__nv_bfloat16>&, const AttentionBounds&,
                            const SplitPlan&, const AttentionPartials&);
template void launch_decode(cudaStream_t, const AttentionArguments<__half>&, const AttentionBounds&,
                            const SplitPlan&, const AttentionPartials&);

}  // namespace tpscale::cuda
