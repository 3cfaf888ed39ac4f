#pragma once
#include <optional>

#include "bench/trial/point_frame.h"
#include "bench/trial/token_equality.h"

namespace tpscale {

/// publish_point of a degree of a scaling experiment: the first point sets `base`, on rank 0, and the others
/// are held against it.
std::optional<Point> measure_point(Launch& launch, const PointPlan& plan, std::optional<BaseReference>& base);

/// Repetitions a point is expected to make, for the progress line.
std::int64_t expected_units(const LaunchOptions& options);

}  // namespace tpscale
