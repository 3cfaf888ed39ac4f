#pragma once
#include "bench/store/point.h"
#include "bench/trial/point_facts.h"

namespace tpscale {

/// comm_fraction with its skew from the instrumented repetitions, the isolated all-reduce (seconds, algbw =
/// S/t, busbw = S/t x 2(n-1)/n, as in NCCL's tests), and the bytes the model communicates. Absent at
/// degree 1.
void add_communication_figures(Point& point, const PointFacts& facts);

}  // namespace tpscale
