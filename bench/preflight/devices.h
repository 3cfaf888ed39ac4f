#pragma once
#include "backend/backend.h"
#include "bench/preflight/finding.h"
#include "parallel/world.h"

namespace tpscale {

/// Whether ranks 0 .. degree-1 have a device each, of one kind, with the same libraries. `backend`: this
/// rank's. Ranks that share a device on a host that shows fewer than it has ranks are doubtful (their points
/// are marked); where it shows enough, or NCCL was asked for, they are refused. Collective over the
/// world.
Finding check_devices(World& world, const Backend& backend, const ParallelOptions& parallel, int degree);

/// Whether `bytes_a_rank` fit on the devices of ranks 0 .. degree-1. Collective over the world.
Finding check_memory(World& world, const Backend& backend, std::size_t bytes_a_rank, int degree);

}  // namespace tpscale
