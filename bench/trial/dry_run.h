#pragma once
#include <vector>

#include "bench/trial/launch.h"
#include "bench/trial/point_frame.h"

namespace tpscale {

/// Prints the points of an experiment and the memory each rank would hold, on rank 0. Measures and allocates
/// nothing: the points of the report have the status "planned", and as results what one rank would hold (B),
/// the sequences and the tokens.
void print_dry_run(Launch& launch, const std::vector<PointPlan>& plans);

}  // namespace tpscale
