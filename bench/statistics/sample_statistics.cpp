#include "bench/statistics/sample_statistics.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"

namespace tpscale {

double percentile(std::span<const double> values, double q) {
  check(!values.empty() && q >= 0.0 && q <= 100.0, "a percentile needs a value and 0 <= q <= 100");
  std::vector<double> sorted(values.begin(), values.end());
  const double place = q / 100.0 * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(place));
  const auto at = sorted.begin() + static_cast<std::ptrdiff_t>(below);
  std::nth_element(sorted.begin(), at, sorted.end());
  if (at + 1 == sorted.end()) return *at;
  const double above = *std::min_element(at + 1, sorted.end());
  return *at + (above - *at) * (place - static_cast<double>(below));
}

double median(std::span<const double> values) {
  return percentile(values, 50.0);
}

double spread(std::span<const double> values) {
  const double middle = median(values);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return middle == 0.0 ? 0.0 : (*high - *low) / middle;
}

std::vector<double> repetition_times(std::span<const std::vector<double>> rows, std::size_t warm_ups) {
  std::vector<double> times;
  for (const std::vector<double>& row : rows.subspan(std::min(warm_ups, rows.size()))) {
    check(!row.empty(), "a repetition has no rank");
    times.push_back(*std::max_element(row.begin(), row.end()));
  }
  return times;
}

}  // namespace tpscale
