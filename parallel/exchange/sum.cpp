#include "parallel/exchange/sum.h"

#include <algorithm>
#include <array>

namespace tpscale {
namespace {

constexpr std::size_t kBlock = 512;  // elements whose fp32 sums stay in the first-level cache

template <class T>
void sum_typed(T* out, std::span<const void* const> parts, std::size_t count) {
  std::array<float, kBlock> sums;
  for (std::size_t begin = 0; begin < count; begin += kBlock) {
    const std::size_t n = std::min(kBlock, count - begin);
    const T* first = static_cast<const T*>(parts.front()) + begin;
    for (std::size_t i = 0; i < n; ++i) sums[i] = static_cast<float>(first[i]);
    for (const void* part : parts.subspan(1)) {
      const T* next = static_cast<const T*>(part) + begin;
      for (std::size_t i = 0; i < n; ++i) sums[i] += static_cast<float>(next[i]);
    }
    for (std::size_t i = 0; i < n; ++i) out[begin + i] = T(sums[i]);
  }
}

}  // namespace

void sum_parts(Dtype dtype, void* out, std::span<const void* const> parts, std::size_t count) {
  dispatch_dtype(dtype, [&](auto element) { sum_typed(static_cast<decltype(element)*>(out), parts, count); });
}

}  // namespace tpscale
