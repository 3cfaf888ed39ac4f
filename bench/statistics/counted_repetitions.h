#pragma once
#include <cstddef>
#include <vector>

#include "bench/store/point.h"

namespace tpscale {

/// The repetitions that count, as rows: without warm-ups, and without tainted ones where others are left.
std::vector<std::size_t> counted_rows(const Samples& samples);
/// Seconds of the repetitions that count: maximum over ranks.
std::vector<double> counted_seconds(const Samples& samples);

}  // namespace tpscale
