#include "bench/trial/model_session.h"

#include <algorithm>
#include <string>

#include "bench/cli/model_folder.h"
#include "bench/trial/agreement.h"
#include "bench/trial/device_peaks.h"
#include "core/error.h"
#include "parallel/shard_plan.h"

namespace tpscale {

std::unique_ptr<ModelSource> open_model(World& world, const ModelOptions& options) {
  std::unique_ptr<ModelSource> source;
  together(world, [&] { source = open_model(options.model, embedded_model_folder(), options.weights_seed); });
  return source;
}

void require_shardable(const ModelConfig& config, int degree) {
  for (int rank = 0; rank < degree; ++rank) plan_shard(config, degree, rank);
}

void require_ranks(const World& world, int degree) {
  if (degree <= world.size()) return;
  const std::string n = std::to_string(degree);
  throw NotAvailableError("tensor-parallel degree " + n + " needs " + n + " ranks and this launch has " +
                          std::to_string(world.size()) + "; start it with: mpirun -n " + n + " tpscale ...");
}

void require_memory(const World& world, const Backend& backend, std::size_t bytes_a_rank, int degree) {
  const auto& places = world.places();
  std::size_t sharers = 1;
  if (backend.name() == "cpu") {  // ranks of a host share its memory; a GPU is a rank's own
    sharers = 0;
    const std::string& host = places.at(static_cast<std::size_t>(world.rank())).host;
    const int there = std::min(degree, world.size());  // of a shard's replay only the one that runs it
    for (int rank = 0; rank < there; ++rank) {
      if (places.at(static_cast<std::size_t>(rank)).host == host) ++sharers;
    }
  }
  const std::size_t available = backend.device_memory().available_bytes;
  if (bytes_a_rank * sharers <= available) return;
  throw OutOfMemoryError("degree " + std::to_string(degree) + " needs " + std::to_string(bytes_a_rank) +
                             " B on each of " + std::to_string(sharers) + " ranks of this host and " +
                             std::to_string(available) +
                             " B are free; use fewer sequences, a smaller model or more devices",
                         bytes_a_rank * sharers, available);
}

ModelSession::ModelSession(World& world, RankGroup& group, const ModelSource& source,
                           const EngineOptions& options, std::span<const Request> requests, bool measuring)
    : world_(world), group_(group), source_(source) {
  Communicator& comm = group.comm();
  EngineOptions exact = options;
  together(comm, [&] {
    shard_ = plan_shard(source.config(), comm.size(), comm.rank());
    exact.dtype = to_string(choose_dtype(group.backend(), source.config(), options));
    sizes_ = plan_sizes(source.config(), shard_, exact, requests);
    auto bytes = static_cast<std::size_t>(sizes_.weight_bytes + sizes_.kv_bytes + sizes_.activation_bytes);
    if (measuring) bytes += probe_bytes(static_cast<std::size_t>(sizes_.weight_bytes));
    require_memory(world, group.backend(), bytes, comm.size());
  });
  together(comm,
           [&] { engine_ = std::make_unique<Engine>(group.backend(), comm, source, shard_, exact, sizes_); });
}

void ModelSession::require_room(std::size_t bytes) const {
  together(group_.comm(), [&] { require_memory(world_, group_.backend(), bytes, group_.comm().size()); });
}

Engine& ModelSession::sibling(const EngineOptions& options, std::span<const Request> requests) {
  Communicator& comm = group_.comm();
  EngineOptions exact = options;
  exact.dtype = engine_->options().dtype;
  EngineSizes sizes;
  together(comm, [&] {
    sizes = plan_sizes(source_.config(), shard_, exact, requests);
    require_memory(world_, group_.backend(),
                   static_cast<std::size_t>(sizes.kv_bytes + sizes.activation_bytes), comm.size());
  });
  together(comm, [&] { siblings_.push_back(engine_->sibling(exact, sizes)); });
  return *siblings_.back();
}

}  // namespace tpscale
