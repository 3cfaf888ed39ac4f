#pragma once
#include <cstdint>
#include <vector>

#include "kv/eviction.h"
#include "kv/kv_cache.h"
#include "model/config.h"
#include "model/shard.h"

namespace tpscale {

/// How long a compressed sequence becomes.
struct CompressedLength {
  std::int64_t first_pass = 1;   ///< tokens of its longest forward pass, which is the first
  std::int64_t total = 1;        ///< tokens in all
  std::int64_t block_size = 16;  ///< of its KV pool
};

/// Throws UsageError where the model and the policy do not go together: no layer would be cut; a model
/// without rotary positions and a policy that rotates keys at their place; positions that depend on the
/// length of the text; a sliding window, which counts keys that are not there any more; a table of positions
/// that ends too early.
void require_compressible(const ModelConfig& config, const EvictionPolicy& policy,
                          const CompressedLength& length);

/// The layers that hold equally many tokens, and the pool of their keys and values on one rank.
struct CompressedLayers {
  std::vector<std::int64_t> layers;
  KvShape pool;
};
/// Those that the policy cuts, with room for their longest moment; or the others, with room for everything.
CompressedLayers compressed_layers(const ModelConfig& config, const ModelShard& shard, Dtype dtype,
                                   const EvictionPolicy& policy, const CompressedLength& length, bool cut);

/// Bytes of keys and values on one rank.
std::int64_t compressed_kv_bytes(const ModelConfig& config, const ModelShard& shard, Dtype dtype,
                                 const EvictionPolicy& policy, const CompressedLength& length);

}  // namespace tpscale
