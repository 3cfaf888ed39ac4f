#include <cstring>

#include "backend/cpu/cpu_ops.h"
#include "backend/cpu/row_pointer.h"
#include "core/check.h"

namespace tpscale::cpu {

void CpuOps::rope_and_store_kv(TensorView qkv, const HeadLayout& heads, const RotaryTable& rotary,
                               const HeadNorms& norms, const BatchView& batch, const KvLayerView& kv) {
  check(qkv.cols == heads.qkv_cols() && qkv.rows == batch.num_tokens && qkv.dtype == kv.dtype,
        "rope_and_store_kv: shapes do not fit");
  check(kv.num_kv_heads == heads.num_kv_heads && kv.head_dim == heads.head_dim,
        "rope_and_store_kv: the cache does not fit");
  const Kernels& table = kernels_for(qkv.dtype);
  const std::int64_t dim = heads.head_dim;
  const auto size = static_cast<std::int64_t>(size_of(qkv.dtype));
  team_.divide(qkv.rows, row_grain(qkv.cols), [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t t = begin; t < end; ++t) {
      const float* cos_sin =
          rotary.rotary_dim == 0 ? nullptr : rotary.rows + batch.rope_rows[t] * rotary.rotary_dim;
      for (std::int64_t h = 0; h < heads.num_heads; ++h) {
        void* q = element(qkv, t, h * dim);
        table.norm_rope(q, q, norms.q_weight, norms.epsilon, cos_sin, rotary.rotary_dim, dim);
      }
      const std::int64_t slot = batch.slot_mapping[t];
      if (slot < 0) continue;
      for (std::int64_t h = 0; h < heads.num_kv_heads; ++h) {
        const std::int64_t place =
            slot / kv.block_size * kv.block_stride + (h * kv.block_size + slot % kv.block_size) * dim;
        table.norm_rope(static_cast<std::byte*>(kv.keys) + place * size,
                        element(qkv, t, heads.q_cols() + h * dim), norms.k_weight, norms.epsilon,
                        rotary.keys ? cos_sin : nullptr, rotary.rotary_dim, dim);
        std::memcpy(static_cast<std::byte*>(kv.values) + place * size,
                    element(qkv, t, heads.q_cols() + heads.kv_cols() + h * dim),
                    static_cast<std::size_t>(dim * size));
      }
    }
  });
}

}  // namespace tpscale::cpu
