#pragma once
#include <span>
#include <vector>

namespace tpscale {

/// Percentile q in [0, 100] with linear interpolation between the two nearest values (NumPy's default). At
/// least one value.
double percentile(std::span<const double> values, double q);
double median(std::span<const double> values);
/// (max - min) / median; 0 where the median is 0.
double spread(std::span<const double> values);

/// The time of a repetition is the maximum over its ranks: the maxima of the rows after the first `warm_ups`.
std::vector<double> repetition_times(std::span<const std::vector<double>> rows, std::size_t warm_ups);

}  // namespace tpscale
