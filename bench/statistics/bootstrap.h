#pragma once
#include <cstdint>
#include <span>
#include <string>

namespace tpscale {

/// A figure with its 95 % interval.
struct Interval {
  double value = 0.0;
  double low = 0.0, high = 0.0;
  std::string method;  ///< in words, for the store
};

struct BootstrapOptions {
  std::uint64_t seed = 0;  ///< the same seed and samples give the same interval
  std::uint32_t resamples = 10000;
};

/// The median and the percentile bootstrap's interval of it (Efron 1979). Over 2,000 values, where resampling
/// is slow, the normal limit of the bootstrap's ranks takes its place (the method says so).
Interval bootstrap_median(std::span<const double> values, const BootstrapOptions& options = {});

/// median(numerator) / median(denominator), resampled apart: for sets of repetitions that have nothing to do
/// with one another (two degrees).
Interval bootstrap_ratio(std::span<const double> numerator, std::span<const double> denominator,
                         const BootstrapOptions& options = {});

/// The same of pairs taken one after the other (two arms of an ablation), resampled together, so that what
/// both suffered cancels. Equal sizes.
Interval bootstrap_paired_ratio(std::span<const double> numerator, std::span<const double> denominator,
                                const BootstrapOptions& options = {});

/// The relative difference between two runs such as this one that their ratio's 95 % interval would show in 4
/// of 5 cases: (1.96 + 0.84) / 1.96 times the half width of the run's ratio to itself.
double smallest_detectable_difference(std::span<const double> values, const BootstrapOptions& options = {});

}  // namespace tpscale
