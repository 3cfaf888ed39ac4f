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
    rotate_keys_kernel(CachedRows<T> to, CachedRows<T> from, int count, HeadShape shape, RotaryTable rotary) {
  const int thread = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  const int token = thread / shape.lanes;
  if (token >= count) return;
  const int head = static_cast<int>(blockIdx.y);
  const float* cos_sin = rotary.rows + static_cast<std::int64_t>(token) * shape.rotary_dim;
  rotate<T, kWidth>(to.row(token, head), from.row(token, head), nullptr, 1.0F, cos_sin, shape,
                    thread % shape.lanes);
}

bool takes_vectors(const KvLayerView& rotated, const KvLayerView& kv, const RotaryTable& rotary) {
  const std::int64_t width = 16 / static_cast<std::int64_t>(size_of(kv.dtype));
  return rows_of_vectors(rotated.keys, kv) && rows_of_vectors(kv.keys, kv) && on_vector(rotary.rows) &&
         rotary.rotary_dim % (2 * width) == 0;
}

}  // namespace

void CudaOps::rotate_keys(const KvLayerView& rotated, const CachedTokens& cached, const RotaryTable& rotary) {
  const KvLayerView& kv = cached.kv;
  check(rotated.dtype == kv.dtype && rotated.block_stride == kv.block_stride &&
            rotated.block_size == kv.block_size && rotated.keys != kv.keys,
        "rotate_keys: the room for rotated keys does not fit the cache");
  check(rotary.rotary_dim > 0 && rotary.rotary_dim <= kv.head_dim, "rotate_keys: nothing to rotate");
  if (cached.count == 0) return;
  dispatch_width(kv.dtype, takes_vectors(rotated, kv, rotary), [&](auto element, auto width) {
    using T = decltype(element);
    const HeadShape shape{0, static_cast<int>(kv.num_kv_heads), static_cast<int>(kv.head_dim),
                          static_cast<int>(rotary.rotary_dim), lanes_of_head(kv.head_dim, width())};
    const unsigned blocks = blocks_for(cached.count * shape.lanes, kBlockThreads);
    launch(stream_, dim3(blocks, static_cast<unsigned>(kv.num_kv_heads)), dim3(kBlockThreads), 0,
           rotate_keys_kernel<T, width()>, CachedRows<T>(rotated.keys, cached),
           CachedRows<T>(kv.keys, cached), static_cast<int>(cached.count), shape, rotary);
  });
}

}  // namespace tpscale::cuda
