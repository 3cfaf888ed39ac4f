#pragma once
#include <array>
#include <cstdint>

namespace tpscale {

/// MT19937 (Matsumoto and Nishimura, 1998), seeded and read as CPython's `random` does it, so that a workload
/// written in Python can be made again bit for bit.
class MersenneTwister {
 public:
  /// random.seed(seed): init_by_array of the seed's 32-bit words, lowest first.
  explicit MersenneTwister(std::uint64_t seed);
  /// random.randint(low, high), both ends included; high - low < 2^32 - 1.
  std::int64_t randint(std::int64_t low, std::int64_t high);
  std::uint32_t next();  ///< 32 bits

 private:
  static constexpr std::size_t kSize = 624;
  static constexpr std::size_t kMiddle = 397;
  void seed_word(std::uint32_t word);
  void refill();

  std::array<std::uint32_t, kSize> state_{};
  std::size_t at_ = kSize;
};

}  // namespace tpscale
