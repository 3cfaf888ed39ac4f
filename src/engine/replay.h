#pragma once
#include <span>
#include <vector>

#include "engine/engine.h"
#include "model/shard.h"

namespace tpscale {

/// The requests with every prompt token folded into the rows of the vocabulary that `shard` owns. A shard
/// that runs alone looks up nothing but zeros for the other tokens, and a device is faster with zeros.
std::vector<Request> fold_into_shard(std::span<const Request> requests, const ModelShard& shard,
                                     std::int64_t vocab_size);

}  // namespace tpscale
