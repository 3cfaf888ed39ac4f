#pragma once
#include <cstdint>
#include <span>

#include "bench/trial/text_score.h"
#include "kv/eviction.h"

namespace tpscale {

/// A text judged one token a forward pass over a cache that is cut after each, as a decoding model would see
/// it.
struct CompressedScore {
  TextScore text;
  // Tokens in a layer that is cut, after each cut.
  double mean_cached = 0.0;
  std::int64_t most_cached = 0;
  std::int64_t last_cached = 0;
  std::int64_t pool_bytes = 0;         ///< keys and values of this rank
  std::int64_t most_bytes_in_use = 0;  ///< of the blocks that held them
};

/// `tokens`: at least two. What require_compressible refuses must have been refused. Collective over the
/// engine's group.
CompressedScore score_compressed(const Engine& engine, const EvictionPolicy& policy,
                                 std::span<const std::int32_t> tokens);

}  // namespace tpscale
