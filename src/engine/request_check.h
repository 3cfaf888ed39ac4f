#pragma once
#include <cstdint>
#include <span>

#include "engine/engine.h"

namespace tpscale {

/// Throws UsageError where a token is outside the vocabulary. `what` begins the sentence: "request 3", "the
/// text".
void check_tokens(std::span<const std::int32_t> tokens, std::int64_t vocab_size, const std::string& what);

/// Throws UsageError that names the first request that an engine of these sizes cannot serve.
void check_requests(std::span<const Request> requests, std::int64_t vocab_size, const EngineSizes& sizes);

}  // namespace tpscale
