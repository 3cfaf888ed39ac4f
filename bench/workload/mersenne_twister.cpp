#include "bench/workload/mersenne_twister.h"

#include <bit>
#include <span>

#include "core/check.h"

namespace tpscale {

void MersenneTwister::seed_word(std::uint32_t word) {
  state_[0] = word;
  for (std::uint32_t i = 1; i < kSize; ++i) {
    state_[i] = 1812433253u * (state_[i - 1] ^ (state_[i - 1] >> 30)) + i;
  }
}

MersenneTwister::MersenneTwister(std::uint64_t seed) {
  const std::array<std::uint32_t, 2> words = {static_cast<std::uint32_t>(seed),
                                              static_cast<std::uint32_t>(seed >> 32)};
  const auto key = std::span(words).first(words[1] == 0 ? 1 : 2);
  seed_word(19650218u);
  std::size_t i = 1;
  std::size_t j = 0;
  const auto step = [&] {
    if (++i == kSize) {
      state_[0] = state_[kSize - 1];
      i = 1;
    }
  };
  for (std::size_t k = 0; k < kSize; ++k) {
    const std::uint32_t before = state_[i - 1];
    state_[i] = (state_[i] ^ ((before ^ (before >> 30)) * 1664525u)) + key[j] + static_cast<std::uint32_t>(j);
    step();
    j = (j + 1) % key.size();
  }
  for (std::size_t k = 0; k < kSize - 1; ++k) {
    const std::uint32_t before = state_[i - 1];
    state_[i] = (state_[i] ^ ((before ^ (before >> 30)) * 1566083941u)) - static_cast<std::uint32_t>(i);
    step();
  }
  state_[0] = 0x80000000u;
}

void MersenneTwister::refill() {
  for (std::size_t i = 0; i < kSize; ++i) {
    const std::uint32_t mixed = (state_[i] & 0x80000000u) | (state_[(i + 1) % kSize] & 0x7FFFFFFFu);
    state_[i] = state_[(i + kMiddle) % kSize] ^ (mixed >> 1) ^ ((mixed & 1u) != 0 ? 0x9908B0DFu : 0u);
  }
  at_ = 0;
}

std::uint32_t MersenneTwister::next() {
  if (at_ == kSize) refill();
  std::uint32_t y = state_[at_++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9D2C5680u;
  y ^= (y << 15) & 0xEFC60000u;
  return y ^ (y >> 18);
}

std::int64_t MersenneTwister::randint(std::int64_t low, std::int64_t high) {
  check(low <= high && high - low < 0xFFFFFFFF, "randint takes up to 2^32 - 1 values");
  const auto values = static_cast<std::uint32_t>(high - low + 1);
  const int bits = std::bit_width(values);
  std::uint32_t drawn = 0;
  do drawn = next() >> (32 - bits);
  while (drawn >= values);
  return low + drawn;
}

}  // namespace tpscale
