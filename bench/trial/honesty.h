#pragma once
#include <cstdint>
#include <span>

namespace tpscale {

/// How often comparisons like a measured one would say that there is a difference.
struct Honesty {
  double alarms = 0.0;      ///< share of comparisons of an arm with itself whose interval leaves out 1
  double detections = 0.0;  ///< share of comparisons with the slowed arm whose interval lies above 1
  std::int64_t comparisons = 0;
};

/// Draws `comparisons` sets of as many repetitions as were measured, with replacement. For an alarm each pair
/// of `first` and `again` (the same arm twice) also changes places by the toss of a coin: which of the two
/// came first means nothing. For a detection the pairs of `slowed` and `first` stay pairs.
Honesty resampled_honesty(std::span<const double> first, std::span<const double> again,
                          std::span<const double> slowed, std::int64_t comparisons, std::uint64_t seed);

}  // namespace tpscale
