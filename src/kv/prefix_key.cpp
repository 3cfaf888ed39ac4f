#include "kv/prefix_key.h"

#include <algorithm>
#include <array>
#include <bit>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tpscale {

static_assert(std::endian::native == std::endian::little, "keys are hashed from the host's own bytes");

std::uint64_t prefix_key(std::optional<std::uint64_t> previous, std::span<const std::int32_t> tokens) {
  XXH64_state_t state;
  XXH64_reset(&state, 0);
  if (previous) XXH64_update(&state, &*previous, sizeof *previous);
  std::array<std::int64_t, 64> wide;
  while (!tokens.empty()) {
    const std::size_t count = std::min(tokens.size(), wide.size());
    std::ranges::copy(tokens.first(count), wide.begin());
    XXH64_update(&state, wide.data(), count * sizeof wide[0]);
    tokens = tokens.subspan(count);
  }
  return XXH64_digest(&state);
}

}  // namespace tpscale
