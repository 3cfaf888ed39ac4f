#pragma once
#include "engine/compressed_sequence.h"
#include "engine/engine.h"

namespace tpscale {

/// Serves one request on a cache that is cut: the prompt in one uncut forward pass, then a token a pass, each
/// pass but the last followed by the cut. A token is known before the cut that follows it; the cut's seconds
/// are those of the step. Collective over the engine's group.
RunResult serve_compressed(CompressedSequence& sequence, const Request& request);

}  // namespace tpscale
