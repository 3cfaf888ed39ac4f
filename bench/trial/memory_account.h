#pragma once
#include <cstddef>
#include <vector>

#include "backend/backend.h"
#include "bench/store/point.h"
#include "comm/communicator.h"
#include "engine/engine.h"

namespace tpscale {

/// Bytes on every rank, "memory_weights", ..., phase "memory", one row, a column a rank: weights, kv_cache,
/// activations, other and peak of the suite's own allocator; communication (what the device's view grew by
/// with the communicator); the device's own view; unaccounted = view - all of these; and the predicted sizes
/// beside them
/// ("memory_weights_predicted", ...).
/// Throws Error where memory that is the device's own has a peak of 0: then nobody has looked.
std::vector<Samples> account_memory(Backend& backend, Communicator& group, std::size_t communication_bytes,
                                    const EngineSizes& sizes);

}  // namespace tpscale
