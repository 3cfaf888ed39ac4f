#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace tpscale {

/// Draws n of n places with replacement, again and again: how often each was drawn is all a median needs.
class Resampler {
 public:
  Resampler(std::size_t places, std::uint64_t seed) : counts_(places), state_(seed) {}
  /// counts[i]: how often place i was drawn.
  std::span<const std::uint32_t> draw();

 private:
  std::vector<std::uint32_t> counts_;
  std::uint64_t state_;
};

/// Values that know their order, so that the median of a resample is one walk and no sort.
class SortedValues {
 public:
  explicit SortedValues(std::span<const double> values);
  double median_of(std::span<const std::uint32_t> counts) const;

 private:
  std::vector<double> values_;       ///< ascending
  std::vector<std::size_t> places_;  ///< where each stood before
};

}  // namespace tpscale
