#include "backend/cpu/cached_rows.h"
#include "backend/cpu/cpu_ops.h"
#include "backend/cpu/row_pointer.h"
#include "core/check.h"

namespace tpscale::cpu {

void CpuOps::rotate_keys(const KvLayerView& rotated, const CachedTokens& cached, const RotaryTable& rotary) {
  const KvLayerView& kv = cached.kv;
  check(rotated.dtype == kv.dtype && rotated.block_stride == kv.block_stride &&
            rotated.block_size == kv.block_size && rotated.keys != kv.keys,
        "rotate_keys: the room for rotated keys does not fit the cache");
  check(rotary.rotary_dim > 0 && rotary.rotary_dim <= kv.head_dim, "rotate_keys: nothing to rotate");
  const Kernels& table = kernels_for(kv.dtype);
  team_.divide(cached.count, row_grain(kv.num_kv_heads * kv.head_dim),
               [&](std::int64_t begin, std::int64_t end, int) {
                 for (std::int64_t head = 0; head < kv.num_kv_heads; ++head) {
                   const CachedRows from(kv.keys, cached, head);
                   const CachedRows to(rotated.keys, cached, head);
                   for (std::int64_t i = begin; i < end; ++i) {
                     table.norm_rope(to.row(i), from.row(i), nullptr, 0.0F,
                                     rotary.rows + i * rotary.rotary_dim, rotary.rotary_dim, kv.head_dim);
                   }
                 }
               });
}

}  // namespace tpscale::cpu
