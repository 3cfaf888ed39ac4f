#pragma once
#include "engine/engine.h"
#include "engine/sequence.h"

namespace tpscale {

/// A request as the scheduler takes it, with room for all that it will hold: nothing is allocated later.
Sequence make_sequence(const ModelConfig& config, const Request& request, std::int64_t id,
                       const BlockManager& blocks);

}  // namespace tpscale
