#include <type_traits>

#include "backend/cuda/cuda_ops.h"
#include "backend/cuda/device/cached_rows.cuh"
#include "backend/cuda/device/launch.cuh"
#include "core/check.h"

namespace tpscale::cuda {
namespace {

constexpr int kPieces = 4;       // of a row that neighbouring threads move: two sectors of memory
constexpr int kRowsAThread = 4;  // loads in flight
constexpr int kRowsAtOnce = kBlockThreads / kPieces;

/// The token that moves to place `to`: `to` tokens before it stay. `dropped` is the number of dropped tokens
/// before it, counted up from a lower bound of it: the i-th dropped token has dropped[i] - i staying ones
/// before it.
__device__ inline int source_of(int to, const std::int32_t* dropped, int num_dropped, int& before) {
  int end = num_dropped;
  while (before < end) {
    const int middle = (before + end) / 2;
    if (dropped[middle] - middle <= to) {
      before = middle + 1;
    } else {
      end = middle;
    }
  }
  return to + before;
}

/// Grid: (parts of a row, KV heads, keys and values). A block moves its part of all rows, some at once: every
/// one is read before one is written, and as rows only ever move up, none is written that is still to be
/// read.
template <class T, int kWidth>
__global__ void __launch_bounds__(kBlockThreads)
    drop_tokens_kernel(CachedRows<T> keys, CachedRows<T> values, const std::int32_t* dropped, int num_dropped,
                       int count) {
  using Piece = std::conditional_t<kWidth == 1, T, Vector<T>>;
  const CachedRows<T> rows = blockIdx.z == 0 ? keys : values;
  const int head = static_cast<int>(blockIdx.y);
  const int column = static_cast<int>(blockIdx.x * kPieces + threadIdx.x % kPieces) * kWidth;
  const bool wanted = column < rows.head_dim;
  const int left = count - num_dropped;
  dropped += static_cast<std::int64_t>(head) * num_dropped;
  int before = 0;
  for (int first = dropped[0]; first < left; first += kRowsAtOnce * kRowsAThread) {
    const int place = first + static_cast<int>(threadIdx.x) / kPieces;
    Piece pieces[kRowsAThread];
#pragma unroll
    for (int i = 0; i < kRowsAThread; ++i) {
      const int to = place + i * kRowsAtOnce;
      if (!wanted || to >= left) continue;
      const T* from = rows.row(source_of(to, dropped, num_dropped, before), head);
      pieces[i] = *reinterpret_cast<const Piece*>(from + column);
    }
    __syncthreads();
#pragma unroll
    for (int i = 0; i < kRowsAThread; ++i) {
      const int to = place + i * kRowsAtOnce;
      if (wanted && to < left) *reinterpret_cast<Piece*>(rows.row(to, head) + column) = pieces[i];
    }
  }
}

}  // namespace

void CudaOps::drop_tokens(const CachedTokens& cached, const std::int32_t* dropped, std::int64_t num_dropped) {
  check(num_dropped <= cached.count, "drop_tokens: more tokens than are cached");
  if (num_dropped == 0) return;
  const KvLayerView& kv = cached.kv;
  const bool vectors = rows_of_vectors(kv.keys, kv) && rows_of_vectors(kv.values, kv);
  dispatch_width(kv.dtype, vectors, [&](auto element, auto width) {
    using T = decltype(element);
    const dim3 grid(blocks_for(kv.head_dim, kPieces * width()), static_cast<unsigned>(kv.num_kv_heads), 2);
    launch(stream_, grid, dim3(kBlockThreads), 0, drop_tokens_kernel<T, width()>,
           CachedRows<T>(kv.keys, cached), CachedRows<T>(kv.values, cached), dropped,
           static_cast<int>(num_dropped), static_cast<int>(cached.count));
  });
}

}  // namespace tpscale::cuda
