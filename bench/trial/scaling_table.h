#pragma once
#include <span>
#include <string>

#include "bench/store/point.h"
#include "bench/trial/scaling.h"

namespace tpscale {

/// What the terminal shows of a scaling experiment: throughput, speed-up and efficiency with their intervals
/// per phase, the base, shares of the device's peaks, drift, marks and verdicts. `points` in the order they
/// were measured.
std::string scaling_table(ScalingKind kind, std::span<const Point> points);

}  // namespace tpscale
