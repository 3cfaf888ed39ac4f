#include "bench/statistics/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "bench/statistics/resampler.h"
#include "bench/statistics/sample_statistics.h"
#include "core/check.h"
#include "core/counter_rng.h"

namespace tpscale {
namespace {

constexpr std::size_t kMostResampled = 2000;
constexpr double kNormal95 = 1.959963984540054;
constexpr double kNormal80 = 0.8416212335729143;

/// Streams of random places that do not overlap: a resample uses one number for two draws.
std::uint64_t stream(std::uint64_t seed, std::uint64_t number) {
  return counter_bits(seed, number) >> 8;
}

Interval from_resamples(double value, std::vector<double>& resampled, const std::string& what) {
  const double low = percentile(resampled, 2.5);
  const double high = percentile(resampled, 97.5);
  return {value, std::min(low, value), std::max(high, value),
          "bootstrap of " + what + ", " + std::to_string(resampled.size()) + " resamples, 95 %"};
}

Interval normal_ranks(std::span<const double> values) {
  const auto size = static_cast<double>(values.size());
  const double half = kNormal95 * 0.5 * std::sqrt(size) / size * 100.0;
  return {median(values), percentile(values, 50.0 - half), percentile(values, 50.0 + half),
          "bootstrap of the median, normal limit of its ranks, 95 %"};
}

double divided(double numerator, double denominator) {
  check(denominator != 0.0, "a ratio to a median of zero");
  return numerator / denominator;
}

}  // namespace

Interval bootstrap_median(std::span<const double> values, const BootstrapOptions& options) {
  check(!values.empty() && options.resamples > 0, "an interval needs a value");
  if (values.size() > kMostResampled) return normal_ranks(values);
  const SortedValues sorted(values);
  Resampler resampler(values.size(), stream(options.seed, 0));
  std::vector<double> resampled(options.resamples);
  for (double& each : resampled) each = sorted.median_of(resampler.draw());
  return from_resamples(median(values), resampled, "the median");
}

Interval bootstrap_ratio(std::span<const double> numerator, std::span<const double> denominator,
                         const BootstrapOptions& options) {
  check(!numerator.empty() && !denominator.empty() && options.resamples > 0, "an interval needs values");
  const SortedValues above(numerator), below(denominator);
  Resampler draw_above(numerator.size(), stream(options.seed, 1)),
      draw_below(denominator.size(), stream(options.seed, 2));
  std::vector<double> resampled(options.resamples);
  for (double& each : resampled) {
    each = divided(above.median_of(draw_above.draw()), below.median_of(draw_below.draw()));
  }
  return from_resamples(divided(median(numerator), median(denominator)), resampled,
                        "the ratio of medians, unpaired");
}

Interval bootstrap_paired_ratio(std::span<const double> numerator, std::span<const double> denominator,
                                const BootstrapOptions& options) {
  check(!numerator.empty() && options.resamples > 0, "an interval needs values");
  check(numerator.size() == denominator.size(), "pairs need as many values on both sides");
  const SortedValues above(numerator), below(denominator);
  Resampler resampler(numerator.size(), stream(options.seed, 3));
  std::vector<double> resampled(options.resamples);
  for (double& each : resampled) {
    const std::span<const std::uint32_t> counts = resampler.draw();
    each = divided(above.median_of(counts), below.median_of(counts));
  }
  return from_resamples(divided(median(numerator), median(denominator)), resampled,
                        "the ratio of medians, paired");
}

double smallest_detectable_difference(std::span<const double> values, const BootstrapOptions& options) {
  const Interval same = bootstrap_ratio(values, values, options);
  return (kNormal95 + kNormal80) / kNormal95 * 0.5 * (same.high - same.low);
}

}  // namespace tpscale
