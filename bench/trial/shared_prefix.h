#pragma once
#include <cstdint>

namespace tpscale {

/// Requests of which some begin with the same tokens.
struct SharedPrefix {
  std::int64_t requests = 0;
  std::int64_t sharers = 0;
  std::int64_t prompt_tokens = 0;  ///< of each request
  std::int64_t prefix_tokens = 0;  ///< that the sharers have in common
};

/// The share of all prompt tokens that a prefix cache can save at best: every sharer but the first finds the
/// prefix's whole blocks. (Counting the first sharer too, as the test plan's example does, gives more than
/// there is.)
double ideal_saving(const SharedPrefix& prefix, std::int64_t block_size) noexcept;
/// As the test plan's example counts: all sharers, token by token.
double counted_saving(const SharedPrefix& prefix) noexcept;

}  // namespace tpscale
