#pragma once
#include "engine/engine.h"
#include "engine/model_runner.h"
#include "kv/block_manager.h"
#include "kv/kv_cache.h"
#include "model/transformer.h"

namespace tpscale {

/// How the block manager of an engine of these sizes gives out blocks.
BlockPolicy block_policy(const EngineOptions& options, const EngineSizes& sizes);

struct Engine::Parts {
  Parts(Backend& backend_, Communicator& comm_, const ModelSource& source, const ModelShard& shard,
        const EngineOptions& options_, const EngineSizes& sizes_, Dtype dtype);
  /// On the weights of another engine.
  Parts(const Parts& other, const EngineOptions& options_, const EngineSizes& sizes_);
  Execution plain_execution() { return {backend.ops(), comm}; }
  bool plain(const Execution& execution) noexcept {
    return &execution.ops == &backend.ops() && &execution.comm == &comm;
  }

  Backend& backend;
  Communicator& comm;
  EngineOptions options;
  EngineSizes sizes;
  Transformer transformer;
  KvCache cache;
  BlockManager blocks;
  ModelRunner runner;
  GraphFacts graph_choice;  ///< before the capture
  KvUse kv_use;             ///< of the run under way
  bool graphs;              ///< runs take them
  bool run_ahead;
  bool warm = false;
};

}  // namespace tpscale
