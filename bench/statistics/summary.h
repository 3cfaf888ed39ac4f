#pragma once
#include <span>
#include <string>

#include "bench/statistics/bootstrap.h"
#include "bench/store/point.h"

namespace tpscale {

/// The metric of a set of repetitions: median, interval, spread, marks and method filled in; how_obtained
/// says the median of how many, and may be replaced.
Metric summarize(const std::string& name, const std::string& unit, std::span<const double> values,
                 const BootstrapOptions& options = {});

}  // namespace tpscale
