#pragma once
#include <vector>

#include "bench/trial/launch.h"
#include "bench/trial/point_frame.h"

namespace tpscale {

/// Prints the points of an experiment and the memory each rank would hold, on rank 0. Measures and allocates
/// nothing.
void print_dry_run(Launch& launch, const std::vector<PointPlan>& plans);

}  // namespace tpscale
