#include <cmath>

#include "backend/cpu/cached_rows.h"
#include "backend/cpu/cpu_ops.h"
#include "core/check.h"

namespace tpscale::cpu {
namespace {

template <class T>
float norm_of(const std::byte* row, std::int64_t n) {
  const auto* values = reinterpret_cast<const T*>(row);
  float squares = 0.0F;
  for (std::int64_t d = 0; d < n; ++d)
    squares += static_cast<float>(values[d]) * static_cast<float>(values[d]);
  return std::sqrt(squares);
}

}  // namespace

void CpuOps::key_norms(float* norms, const CachedTokens& cached, std::int64_t first) {
  check(first >= 0 && first <= cached.count, "key_norms: the first token is not cached");
  const std::int64_t count = cached.count - first;
  team_.divide(cached.kv.num_kv_heads, 1, [&](std::int64_t begin, std::int64_t end, int) {
    dispatch_dtype(cached.kv.dtype, [&](auto element) {
      for (std::int64_t head = begin; head < end; ++head) {
        const CachedRows rows(cached.kv.keys, cached, head);
        for (std::int64_t i = 0; i < count; ++i)
          norms[head * count + i] = norm_of<decltype(element)>(rows.row(first + i), cached.kv.head_dim);
      }
    });
  });
}

}  // namespace tpscale::cpu
