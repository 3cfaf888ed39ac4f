#pragma once
#include <cstdint>
#include <vector>

#include "engine/engine.h"

namespace tpscale {

inline constexpr std::int64_t kMixedTexts = 4;

/// Requests of very different lengths: texts of 6, 57, 680 and 7 characters, the first `sequences` of them. A
/// byte-level model (256 tokens) reads their bytes; every other one as many tokens of the fixed workload.
std::vector<Request> mixed_text_requests(std::int64_t sequences, std::int64_t output_tokens,
                                         std::int64_t seed, std::int64_t vocab_size);

}  // namespace tpscale
