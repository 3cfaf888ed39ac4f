#pragma once
#include <cstdint>
#include <optional>
#include <span>

namespace tpscale {

/// Names a full block of tokens and all that came before it: XXH64 (seed 0) over the 8 little-endian bytes of
/// the previous block's key (absent for the first block), then the block's token ids as little-endian int64.
std::uint64_t prefix_key(std::optional<std::uint64_t> previous, std::span<const std::int32_t> tokens);

}  // namespace tpscale
