#include "backend/cuda/cuda_ops.h"
#include "backend/cuda/device/cached_rows.cuh"
#include "backend/cuda/device/heads.cuh"
#include "backend/cuda/device/launch.cuh"
#include "core/check.h"

namespace tpscale::cuda {
namespace {

/// Grid: (blocks of tokens, KV heads).
template <class T, int kWidth>
__global__ void __launch_bounds__(kBlockThreads)
    key_norms_kernel(float* norms, CachedRows<T> keys, int first, int count, HeadShape shape) {
  const int thread = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  const int token = thread / shape.lanes;
  const int lane = thread % shape.lanes;
  const int head = static_cast<int>(blockIdx.y);
  const bool wanted = token < count;
  const T* key = wanted ? keys.row(first + token, head) : nullptr;
  const float squares = head_squares<T, kWidth>(key, wanted, shape, lane);
  if (wanted && lane == 0) norms[static_cast<std::int64_t>(head) * count + token] = sqrtf(squares);
}

}  // namespace

void CudaOps::key_norms(float* norms, const CachedTokens& cached, std::int64_t first) {
  check(first >= 0 && first <= cached.count, "key_norms: the first token is not cached");
  const KvLayerView& kv = cached.kv;
  const std::int64_t count = cached.count - first;
  if (count == 0) return;
  dispatch_width(kv.dtype, rows_of_vectors(kv.keys, kv), [&](auto element, auto width) {
    using T = decltype(element);
    const HeadShape shape{0, static_cast<int>(kv.num_kv_heads), static_cast<int>(kv.head_dim), 0,
                          lanes_of_head(kv.head_dim, width())};
    const unsigned blocks = blocks_for(count * shape.lanes, kBlockThreads);
    launch(stream_, dim3(blocks, static_cast<unsigned>(kv.num_kv_heads)), dim3(kBlockThreads), 0,
           key_norms_kernel<T, width()>, norms, CachedRows<T>(kv.keys, cached), static_cast<int>(first),
           static_cast<int>(count), shape);
  });
}

}  // namespace tpscale::cuda
