#pragma once
#include <cstdint>
#include <vector>

#include "engine/engine.h"

namespace tpscale {

/// Token `position` of sequence `sequence`: a function of the seed and both, below `vocab_size`.
std::int32_t fixed_token(std::int64_t seed, std::int64_t sequence, std::int64_t position,
                         std::int64_t vocab_size);

/// `sequences` of `input_tokens` and `output_tokens` each. The first n of more sequences are the same.
std::vector<Request> fixed_requests(std::int64_t sequences, std::int64_t input_tokens,
                                    std::int64_t output_tokens, std::int64_t seed, std::int64_t vocab_size);

/// Input and output lengths uniform in [shortest, longest], drawn apart; tokens as above. The first n of more
/// are the same.
std::vector<Request> random_length_requests(std::int64_t sequences, std::int64_t shortest,
                                            std::int64_t longest, std::int64_t seed, std::int64_t vocab_size);

/// Of `sequences` prompts, `shared_share` (rounded down) begin with the same `prefix_share` of the tokens
/// (rounded down) and go on each by itself, as all of the others do. They come in a seeded shuffle.
std::vector<Request> shared_prefix_requests(std::int64_t sequences, std::int64_t input_tokens,
                                            std::int64_t output_tokens, double shared_share,
                                            double prefix_share, std::int64_t seed, std::int64_t vocab_size);
/// share x whole, rounded down; 0.29 x 100 is 29 although its double lies below.
std::int64_t share_of(double share, std::int64_t whole) noexcept;

inline constexpr std::int64_t kNanoVllmSequences = 256;
/// The peer's set: 256 sequences from CPython's generator (seed 0 there), per sequence its length in
/// 100..1024 and then its tokens in 0..10000; after all of them the output lengths in 100..1024. Then the
/// first `sequences` are kept, and every length is divided by `length_divisor` (rounded down, at least 1; a
/// prompt keeps its beginning).
std::vector<Request> nano_vllm_requests(std::int64_t sequences, std::int64_t length_divisor,
                                        std::int64_t seed);

}  // namespace tpscale
