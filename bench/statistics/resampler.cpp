#include "bench/statistics/resampler.h"

#include <algorithm>
#include <numeric>

#include "core/counter_rng.h"

namespace tpscale {

std::span<const std::uint32_t> Resampler::draw() {
  std::fill(counts_.begin(), counts_.end(), 0u);
  const std::uint64_t places = counts_.size();
  // Multiply and shift: its bias, n / 2^32, is far below what 10,000 resamples could show.
  for (std::size_t left = counts_.size(); left != 0;) {
    const std::uint64_t bits = counter_bits(0, state_++);
    ++counts_[((bits & 0xFFFFFFFFu) * places) >> 32];
    if (--left != 0) {
      ++counts_[((bits >> 32) * places) >> 32];
      --left;
    }
  }
  return counts_;
}

SortedValues::SortedValues(std::span<const double> values) : places_(values.size()) {
  std::iota(places_.begin(), places_.end(), std::size_t{0});
  std::stable_sort(places_.begin(), places_.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  for (const std::size_t place : places_) values_.push_back(values[place]);
}

double SortedValues::median_of(std::span<const std::uint32_t> counts) const {
  const std::size_t size = values_.size();
  const std::size_t lower = (size - 1) / 2;  // zero-based ranks of the one or two middle values
  const std::size_t upper = size / 2;
  std::size_t seen = 0, at = 0;
  while ((seen += counts[places_[at]]) <= lower) ++at;
  const double low = values_[at];
  while (seen <= upper) seen += counts[places_[++at]];
  return low == values_[at] ? low : 0.5 * (low + values_[at]);
}

}  // namespace tpscale
