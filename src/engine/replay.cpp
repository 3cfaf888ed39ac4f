#include "engine/replay.h"

#include <algorithm>

#include "core/check.h"

namespace tpscale {

std::vector<Request> fold_into_shard(std::span<const Request> requests, const ModelShard& shard,
                                     std::int64_t vocab_size) {
  const std::int64_t own = std::min(shard.vocab_size, vocab_size - shard.first_vocab);
  check(own > 0, "this shard owns no row of the vocabulary");
  std::vector<Request> folded(requests.begin(), requests.end());
  for (Request& request : folded) {
    for (std::int32_t& token : request.prompt)
      token = static_cast<std::int32_t>(shard.first_vocab + token % own);
  }
  return folded;
}

}  // namespace tpscale
