#include <algorithm>
#include <cstring>

#include "backend/cpu/cached_rows.h"
#include "backend/cpu/cpu_ops.h"
#include "core/check.h"

namespace tpscale::cpu {
namespace {

/// Rows [from, end) to `to` and the following places, to < from: lowest first, as they may overlap.
void move_up(const CachedRows& rows, std::int64_t to, std::int64_t from, std::int64_t end) {
  while (from < end) {
    const std::int64_t count = std::min({end - from, rows.run(from), rows.run(to)});
    std::memmove(rows.row(to), rows.row(from), static_cast<std::size_t>(count * rows.row_bytes()));
    from += count;
    to += count;
  }
}

}  // namespace

void CpuOps::drop_tokens(const CachedTokens& cached, const std::int32_t* dropped, std::int64_t num_dropped) {
  check(num_dropped <= cached.count, "drop_tokens: more tokens than are cached");
  if (num_dropped == 0) return;
  team_.divide(2 * cached.kv.num_kv_heads, 1, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t part = begin; part < end; ++part) {
      const std::int64_t head = part / 2;
      const CachedRows rows(part % 2 == 0 ? cached.kv.keys : cached.kv.values, cached, head);
      const std::int32_t* gaps = dropped + head * num_dropped;
      std::int64_t to = gaps[0];
      for (std::int64_t i = 0; i < num_dropped; ++i) {
        const std::int64_t next = i + 1 < num_dropped ? gaps[i + 1] : cached.count;
        move_up(rows, to, gaps[i] + 1, next);
        to += next - gaps[i] - 1;
      }
    }
  });
}

}  // namespace tpscale::cpu
