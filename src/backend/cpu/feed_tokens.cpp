#include "backend/cpu/cpu_ops.h"

namespace tpscale::cpu {

void CpuOps::feed_tokens(std::int32_t* token_ids, const std::int32_t* sources, std::int64_t num_tokens,
                         const std::int32_t* chosen) {
  for (std::int64_t t = 0; t < num_tokens; ++t) {  // a few hundred at most: not worth waking the team
    if (sources[t] >= 0) token_ids[t] = chosen[sources[t]];
  }
}

}  // namespace tpscale::cpu
