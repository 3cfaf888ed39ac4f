#include "bench/micro/exact_message.h"

#include <algorithm>

namespace tpscale {
namespace {

constexpr int kExact = 256;
constexpr int kPattern = 7;

/// Of `ranks` numbers 1 .. numbers, 1 .. numbers, ...
int total_of(int ranks, int numbers) noexcept {
  const int rounds = ranks / numbers, rest = ranks % numbers;
  return rounds * (numbers * (numbers + 1) / 2) + rest * (rest + 1) / 2;
}

}  // namespace

ExactMessage::ExactMessage(bool summed, int ranks) noexcept : summed_(summed) {
  const int adding = std::min(ranks, kExact);
  numbers_ = adding;
  while (summed && total_of(adding, numbers_) > kExact) --numbers_;
  total_ = static_cast<float>(total_of(adding, numbers_));
  const int largest = summed ? total_of(adding, numbers_) : numbers_;
  pattern_ = static_cast<std::size_t>(std::clamp(kExact / largest, 1, kPattern));
}

float ExactMessage::number_of(int rank) const noexcept {
  if (summed_ && rank >= kExact) return 0.0F;
  return static_cast<float>(rank % numbers_ + 1);
}

}  // namespace tpscale
