#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bench/cli/model_options.h"
#include "bench/trial/rank_group.h"
#include "engine/engine.h"
#include "model/model_source.h"
#include "parallel/world.h"

namespace tpscale {

/// Opens the model on every rank; all ranks throw the same where one cannot.
std::unique_ptr<ModelSource> open_model(World& world, const ModelOptions& options);

/// Throws UsageError that names the sharding rule, on every rank.
void require_shardable(const ModelConfig& config, int degree);
/// Throws NotAvailableError that tells how to start as many ranks.
void require_ranks(const World& world, int degree);

/// Throws OutOfMemoryError where what the engines of this host's ranks must hold does not fit. Nothing is
/// allocated yet.
void require_memory(const World& world, const Backend& backend, std::size_t bytes_a_rank, int degree);

/// A group with an engine in it that serves `requests`: what generate, evaluate and every point stand on.
class ModelSession {
 public:
  /// Collective over the group. Errors are the same on all its ranks. `measuring`: memory for the probes of
  /// the device is planned too.
  ModelSession(World& world, RankGroup& group, const ModelSource& source, const EngineOptions& options,
               std::span<const Request> requests, bool measuring = false);

  Engine& engine() noexcept { return *engine_; }
  /// Another engine on the same weights, which lives as long as the session: the other arm of a comparison.
  /// Collective over the group; throws as the constructor does. Not after the engines have warmed up.
  Engine& sibling(const EngineOptions& options, std::span<const Request> requests);
  /// Throws OutOfMemoryError, on all ranks, where so many more bytes a rank do not fit. Collective over the
  /// group.
  void require_room(std::size_t bytes) const;
  const ModelShard& shard() const noexcept { return shard_; }
  const EngineSizes& sizes() const noexcept { return sizes_; }

 private:
  World& world_;
  RankGroup& group_;
  const ModelSource& source_;
  ModelShard shard_;
  EngineSizes sizes_;
  std::unique_ptr<Engine> engine_;
  std::vector<std::unique_ptr<Engine>> siblings_;
};

}  // namespace tpscale
