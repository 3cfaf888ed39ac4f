#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "backend/ops.h"
#include "bench/micro/options.h"
#include "model/config.h"
#include "model/shard.h"

namespace tpscale {

/// One linear layer, [outs, ins], that stands in `copies` layers of the model.
struct LinearShape {
  std::string name;
  std::int64_t outs = 0, ins = 0;
  std::int64_t copies = 1;
};

/// What the ops of one rank of a preset see.
struct RankShape {
  ModelConfig config;
  ModelShard shard;

  HeadLayout heads() const noexcept { return {shard.num_heads, shard.num_kv_heads, config.head_dim}; }
  std::vector<LinearShape> linear_layers() const;  ///< qkv, o, gate_up or up, down, head
};

/// Of every model and degree of the options. Throws UsageError where a degree does not divide a model.
std::vector<RankShape> rank_shapes(const MicroOptions& options);

}  // namespace tpscale
