#include "backend/cuda/cuda_ops.h"
#include "backend/cuda/device/heads.cuh"
#include "backend/cuda/device/launch.cuh"
#include "backend/cuda/device/rows.cuh"
#include "core/check.h"

namespace tpscale::cuda {
namespace {

template <class T>
struct KvSlots {
  T* keys;
  T* values;
  std::int64_t block_stride;
  int block_size;

  __device__ std::int64_t place(int slot, int head, int head_dim) const {
    return slot / block_size * block_stride +
           (static_cast<std::int64_t>(head) * block_size + slot % block_size) * head_dim;
  }
};

template <class T, int kWidth>
__device__ void copy_head(T* out, const T* head, const HeadShape& shape, int lane) {
  for (int d = lane * kWidth; d < shape.head_dim; d += shape.lanes * kWidth) {
    float values[kWidth];
    load_floats(values, head + d);
    store_floats(out + d, values);
  }
}

/// Grid: (tokens, blocks of heads). Heads are counted through queries, keys and values as they lie in qkv.
template <class T, int kWidth>
__global__ void __launch_bounds__(kBlockThreads)
    rope_and_store_kv_kernel(Rows<T> qkv, HeadShape shape, RotaryTable rotary, HeadNorms norms,
                             const std::int32_t* rope_rows, const std::int32_t* slot_mapping, KvSlots<T> kv) {
  const int thread = static_cast<int>(blockIdx.y * blockDim.x + threadIdx.x);
  const int item = thread / shape.lanes;
  const int lane = thread % shape.lanes;
  const int rotated = shape.num_heads + shape.num_kv_heads;
  const bool is_query = item < shape.num_heads;
  const bool is_key = !is_query && item < rotated;
  const int slot = slot_mapping[blockIdx.x];
  const bool wanted = is_query || (slot >= 0 && item < rotated + shape.num_kv_heads);

  T* head = qkv[blockIdx.x] + static_cast<std::int64_t>(item) * shape.head_dim;
  const float* weight = is_query ? norms.q_weight : norms.k_weight;
  float scale = 1.0F;
  if (norms.q_weight != nullptr || norms.k_weight != nullptr) {
    scale = head_scale<T, kWidth>(head, wanted && (is_query || is_key), norms.epsilon, shape, lane);
  }
  if (!wanted) return;

  const float* cos_sin =
      shape.rotary_dim == 0
          ? nullptr
          : rotary.rows + static_cast<std::int64_t>(rope_rows[blockIdx.x]) * shape.rotary_dim;
  if (is_query) {
    rotate<T, kWidth>(head, head, weight, scale, cos_sin, shape, lane);
  } else if (is_key) {
    T* out = kv.keys + kv.place(slot, item - shape.num_heads, shape.head_dim);
    HeadShape of_key = shape;
    if (!rotary.keys) of_key.rotary_dim = 0;
    rotate<T, kWidth>(out, head, weight, scale, cos_sin, of_key, lane);
  } else {
    copy_head<T, kWidth>(kv.values + kv.place(slot, item - rotated, shape.head_dim), head, shape, lane);
  }
}

/// Whether heads, halves of the rotated part, cache slots and tables all begin and end at whole vectors.
bool takes_vectors(const TensorView& qkv, const HeadLayout& heads, const RotaryTable& rotary,
                   const HeadNorms& norms, const KvLayerView& kv) {
  const std::int64_t width = 16 / static_cast<std::int64_t>(size_of(qkv.dtype));
  return rows_on_vectors(qkv) && heads.head_dim % width == 0 && rotary.rotary_dim % (2 * width) == 0 &&
         on_vector(rotary.rows) && on_vector(norms.q_weight) && on_vector(norms.k_weight) &&
         on_vector(kv.keys) && on_vector(kv.values) && kv.block_stride % width == 0;
}

}  // namespace

void CudaOps::rope_and_store_kv(TensorView qkv, const HeadLayout& heads, const RotaryTable& rotary,
                                const HeadNorms& norms, const BatchView& batch, const KvLayerView& kv) {
  check(qkv.cols == heads.qkv_cols() && qkv.rows == batch.num_tokens && qkv.dtype == kv.dtype,
        "rope_and_store_kv: shapes do not fit");
  check(kv.num_kv_heads == heads.num_kv_heads && kv.head_dim == heads.head_dim,
        "rope_and_store_kv: the cache does not fit");
  check(rotary.rotary_dim <= heads.head_dim, "rope_and_store_kv: more rotated components than a head has");
  if (qkv.rows == 0) return;
  dispatch_width(qkv.dtype, takes_vectors(qkv, heads, rotary, norms, kv), [&](auto element, auto width) {
    using T = decltype(element);
    const HeadShape shape{static_cast<int>(heads.num_heads), static_cast<int>(heads.num_kv_heads),
                          static_cast<int>(heads.head_dim), static_cast<int>(rotary.rotary_dim),
                          lanes_of_head(heads.head_dim, width())};
    const std::int64_t threads = (heads.num_heads + 2 * heads.num_kv_heads) * shape.lanes;
    const KvSlots<T> slots{static_cast<T*>(kv.keys), static_cast<T*>(kv.values), kv.block_stride,
                           static_cast<int>(kv.block_size)};
    constexpr int kThreads = 128;  // more blocks: one token has few heads
    launch(stream_, dim3(static_cast<unsigned>(qkv.rows), blocks_for(threads, kThreads)), dim3(kThreads), 0,
           rope_and_store_kv_kernel<T, width()>, rows_of<T>(qkv), shape, rotary, norms, batch.rope_rows,
           batch.slot_mapping, slots);
  });
}

}  // namespace tpscale::cuda
