#include "bench/trial/shared_prefix.h"

#include <algorithm>

namespace tpscale {

double ideal_saving(const SharedPrefix& prefix, std::int64_t block_size) noexcept {
  // The last block of a prompt is never taken from the cache.
  const std::int64_t most = std::min(prefix.prefix_tokens, prefix.prompt_tokens - 1);
  const std::int64_t found = most / block_size * block_size;
  const std::int64_t finders = std::max<std::int64_t>(prefix.sharers - 1, 0);
  return static_cast<double>(finders * found) / static_cast<double>(prefix.requests * prefix.prompt_tokens);
}

double counted_saving(const SharedPrefix& prefix) noexcept {
  return static_cast<double>(prefix.sharers * prefix.prefix_tokens) /
         static_cast<double>(prefix.requests * prefix.prompt_tokens);
}

}  // namespace tpscale
