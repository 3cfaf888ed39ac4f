#include "engine/compressed_layout.h"

#include <string>

#include "core/error.h"
#include "kv/block_manager.h"

namespace tpscale {
namespace {

bool cuts_some(const ModelConfig& config, const EvictionPolicy& policy) {
  for (std::int64_t layer = 0; layer < config.num_layers; ++layer) {
    if (policy.cuts(layer)) return true;
  }
  return false;
}

}  // namespace

void require_compressible(const ModelConfig& config, const EvictionPolicy& policy,
                          const CompressedLength& length) {
  const std::string method = "method " + policy.name();
  const std::string model = "model '" + config.name + "'";
  if (!cuts_some(config, policy)) {
    throw UsageError(method + " skips all " + std::to_string(config.num_layers) + " layers of " + model +
                     "; give --skip-layers none");
  }
  if (policy.rotates_cached_keys() && config.rotary_dim() == 0) {
    throw UsageError(method + " rotates keys at their place in the cache, and " + model +
                     " has learned positions; choose recent_only, fix_size_l2 or l2_ratio");
  }
  if (policy.rotates_cached_keys() && config.rope.scaling == RopeScaling::kDynamic &&
      policy.most_cached(length.first_pass, length.total) > config.max_position_embeddings) {
    throw UsageError(
        method + " keeps more tokens than the " + std::to_string(config.max_position_embeddings) +
        " positions after which this model's rotation depends on the length; choose a smaller cache");
  }
  if (policy.by_head() && config.sliding_window > 0 && length.total > config.sliding_window) {
    throw UsageError(method + " drops tokens from between others, and " + model + " attends to the last " +
                     std::to_string(config.sliding_window) +
                     " positions; shorten the text to that or choose streaming or recent_only");
  }
  if (config.learned_positions && length.total > config.max_position_embeddings) {
    throw UsageError(model + " has " + std::to_string(config.max_position_embeddings) +
                     " learned positions, and the text and what follows have " +
                     std::to_string(length.total) + " tokens; shorten them");
  }
}

CompressedLayers compressed_layers(const ModelConfig& config, const ModelShard& shard, Dtype dtype,
                                   const EvictionPolicy& policy, const CompressedLength& length, bool cut) {
  CompressedLayers found;
  for (std::int64_t layer = 0; layer < config.num_layers; ++layer) {
    if (policy.cuts(layer) == cut) found.layers.push_back(layer);
  }
  const std::int64_t tokens = cut ? policy.most_cached(length.first_pass, length.total) : length.total;
  found.pool = {.num_layers = static_cast<std::int64_t>(found.layers.size()),
                .num_kv_heads = shard.num_kv_heads,
                .head_dim = config.head_dim,
                .num_blocks = blocks_for(tokens, length.block_size),
                .block_size = length.block_size,
                .dtype = dtype};
  return found;
}

std::int64_t compressed_kv_bytes(const ModelConfig& config, const ModelShard& shard, Dtype dtype,
                                 const EvictionPolicy& policy, const CompressedLength& length) {
  return compressed_layers(config, shard, dtype, policy, length, true).pool.bytes() +
         compressed_layers(config, shard, dtype, policy, length, false).pool.bytes();
}

}  // namespace tpscale
