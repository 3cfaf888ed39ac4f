#pragma once
#include "bench/store/point.h"
#include "bench/trial/point_facts.h"

namespace tpscale {

/// Memory by purpose, the largest over ranks, with the predicted size and the difference in per cent in
/// how_obtained.
void add_memory_figures(Point& point, const PointFacts& facts);

}  // namespace tpscale
