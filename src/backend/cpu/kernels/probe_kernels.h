#pragma once
// What the machine itself can do: reading and multiplying with nothing else in the way.
#include "backend/cpu/kernels/kernels.h"
#include "backend/cpu/kernels/vec.h"

namespace tpscale::cpu {
namespace {

constexpr std::int64_t kReadStreams = 4;

/// Sum of the 32-bit words of [data, data + bytes), read as four streams far apart, which is what memory
/// likes best.
inline std::uint32_t read_all(const void* data, std::int64_t bytes) {
  constexpr std::int64_t kLine = 64;
  constexpr std::int64_t kAhead = 1024;
  constexpr int kVecs = kLine / (kLanes * 4);
  const std::int64_t apart = bytes / kReadStreams / kLine * kLine;
  const char* start = static_cast<const char*>(data);
  VecU sums[kReadStreams] = {};
  for (const char* end = start + apart; start < end; start += kLine) {
#pragma GCC unroll 4
    for (std::int64_t s = 0; s < kReadStreams; ++s) {
      const char* line = start + s * apart;
      __builtin_prefetch(line + kAhead);
#pragma GCC unroll 4
      for (int v = 0; v < kVecs; ++v) {
        VecU words;
        std::memcpy(&words, line + v * kLanes * 4, sizeof words);
        sums[s] += words;
      }
    }
  }
  const VecU all = sums[0] + sums[1] + sums[2] + sums[3];
  std::uint32_t sum = 0;
  for (int i = 0; i < kLanes; ++i) sum += all[i];
  return sum;
}

constexpr int kChains = kLanes == 16 ? 24 : 12;  // independent sums: enough to hide the latency of two units

/// `rounds` times kChains multiply-adds in registers.
inline float multiply_adds(std::int64_t rounds, float seed) {
  VecF sums[kChains];
  for (int i = 0; i < kChains; ++i) sums[i] = splat(seed + static_cast<float>(i));
  const VecF factor = splat(0.999F * seed);
  const VecF term = splat(1e-3F * seed);
  for (std::int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 32
    for (int i = 0; i < kChains; ++i) sums[i] = sums[i] * factor + term;
  }
  VecF all{};
  for (int i = 0; i < kChains; ++i) all += sums[i];
  return sum(all);
}

}  // namespace
}  // namespace tpscale::cpu
