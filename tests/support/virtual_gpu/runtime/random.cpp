#include "support/virtual_gpu/runtime/random.h"

#include <atomic>
#include <cstdlib>

namespace tpscale::virtual_gpu {
namespace {

std::atomic<std::uint64_t>& the_seed() {
  static std::atomic<std::uint64_t> seed = [] {
    const char* text = std::getenv("VIRTUAL_GPU_SEED");
    return text != nullptr ? std::strtoull(text, nullptr, 10) : 1ULL;
  }();
  return seed;
}
std::atomic<std::uint64_t> threads_that_drew{0};

std::uint64_t mix(std::uint64_t value) {  // SplitMix64's finaliser: neighbouring seeds share nothing
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31U);
}

std::uint64_t& state() {
  thread_local std::uint64_t state =
      mix(seed() + 0x9E3779B97F4A7C15ULL * (1 + threads_that_drew.fetch_add(1)));
  return state;
}

}  // namespace

std::uint64_t seed() {
  return the_seed().load();
}

void set_seed(std::uint64_t seed) {
  the_seed() = seed;
  state() = mix(seed + 0x9E3779B97F4A7C15ULL);
}

std::uint32_t draw() {
  std::uint64_t& current = state();
  current += 0x9E3779B97F4A7C15ULL;
  return static_cast<std::uint32_t>(mix(current) >> 32U);
}

}  // namespace tpscale::virtual_gpu
