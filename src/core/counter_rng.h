#pragma once
#include <cstdint>

namespace tpscale {

/// Random bits as a pure function of (seed, index): any rank can make any element of a tensor without the
/// others. SplitMix64's finaliser (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators",
/// OOPSLA 2014) over seed and index.
constexpr std::uint64_t counter_bits(std::uint64_t seed, std::uint64_t index) noexcept {
  std::uint64_t z = seed * 0xD1342543DE82EF95u + (index + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

/// Uniform in [0, 1).
constexpr double counter_uniform(std::uint64_t seed, std::uint64_t index) noexcept {
  return static_cast<double>(counter_bits(seed, index) >> 11) * 0x1p-53;
}

/// Mean 0, variance 1, within +-3.46: the sum of four 16-bit uniforms (Irwin-Hall), exact in float on every
/// machine, which a logarithm or cosine would not be.
constexpr float counter_normal(std::uint64_t seed, std::uint64_t index) noexcept {
  const std::uint64_t bits = counter_bits(seed, index);
  const auto sum = static_cast<std::int32_t>((bits & 0xFFFFu) + ((bits >> 16) & 0xFFFFu) +
                                             ((bits >> 32) & 0xFFFFu) + (bits >> 48)) -
                   2 * 0xFFFF;
  constexpr float kScale = 1.7320508F / 65535.0F;  // 1 / standard deviation of the sum, sqrt(4/12) * 65535
  return static_cast<float>(sum) * kScale;
}

}  // namespace tpscale
