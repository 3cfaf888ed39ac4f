#pragma once
#include <cstdint>

namespace tpscale::virtual_gpu {

/// The run's seed: VIRTUAL_GPU_SEED, or 1. Everything the device may choose (the order of threads, blocks and
/// streams, the moment at which a copy lands) is drawn from it.
std::uint64_t seed();
void set_seed(std::uint64_t seed);  ///< for tests: begins all of this thread's draws anew

/// Draws of the calling host thread.
std::uint32_t draw();
inline std::uint32_t draw_below(std::uint32_t bound) {
  return static_cast<std::uint32_t>((static_cast<std::uint64_t>(draw()) * bound) >> 32U);
}

}  // namespace tpscale::virtual_gpu
