#pragma once
#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "kv/block_manager.h"

namespace tpscale {

/// One request on its way through the engine. Its vectors are reserved at the start of a run.
struct Sequence {
  static constexpr std::int32_t kNothingAwaited = -1;
  static constexpr std::int32_t kUnknownToken = -1;

  std::int64_t id = 0;               ///< place among the run's requests
  std::vector<std::int32_t> tokens;  ///< prompt, then what has been generated
  std::int64_t num_prompt_tokens = 0;
  std::int64_t max_new_tokens = 0;
  std::int64_t num_computed = 0;  ///< leading tokens whose keys and values are in the cache
  std::int64_t prefill_end =
      0;  ///< tokens it had when it was admitted: what lies below is prefill, above decode
  BlockTable blocks;
  /// The last of `tokens` has been chosen on the device and the host does not know it yet: its place among
  /// those that the latest step chose. -1: all are known.
  std::int32_t awaited = kNothingAwaited;

  // Accounts, kept over preemptions.
  std::int64_t furthest = 0;  ///< most tokens that were ever computed or found: below it work is done again
  std::int64_t cached_prompt_tokens = 0;
  std::int64_t preemptions = 0;

  std::int64_t num_tokens() const noexcept { return static_cast<std::int64_t>(tokens.size()); }
  std::int64_t num_to_compute() const noexcept { return num_tokens() - num_computed; }
  bool prefilling() const noexcept { return num_computed < prefill_end; }
  /// The last token it generates is never computed.
  std::int64_t most_stored_tokens() const noexcept { return num_prompt_tokens + max_new_tokens - 1; }
  bool awaits_token() const noexcept { return awaited != kNothingAwaited; }
  void await_token(std::int32_t place) {
    tokens.push_back(kUnknownToken);
    awaited = place;
  }
  void learn_token(std::int32_t token) {
    tokens.back() = token;
    awaited = kNothingAwaited;
  }
  bool finished() const noexcept { return num_tokens() == num_prompt_tokens + max_new_tokens; }
  std::span<const std::int32_t> computed_tokens() const noexcept {
    return std::span(tokens).first(static_cast<std::size_t>(num_computed));
  }
  /// Length that `dynamic` rotary scaling takes its base from, for the token at `position`: the prompt as a
  /// whole, then one more with every token. A function of the position alone, so that chunks, preemptions and
  /// batches change nothing.
  std::int64_t rope_length(std::int64_t position) const noexcept {
    return std::max(num_prompt_tokens, position + 1);
  }
};

}  // namespace tpscale
