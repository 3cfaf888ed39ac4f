#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/store/point.h"
#include "bench/trial/launch.h"
#include "bench/trial/token_equality.h"
#include "bench/workload/workload.h"

namespace tpscale {

/// One point of an experiment before it is measured: the same on every rank.
struct PointPlan {
  std::string experiment;
  std::string method;  ///< one paragraph for the store
  int degree = 1;
  Values parameters;  ///< identity
  std::shared_ptr<const Workload> workload;
};

/// Measures a point (or reads it back where --resume finds it) and publishes it. Collective over the world;
/// ranks beyond the degree sleep. The first point sets `base` and the others are held against it, on rank 0.
/// Returns the point on rank 0, nullopt elsewhere. Throws InterruptedError on all ranks when a signal asked
/// to stop.
std::optional<Point> measure_point(Launch& launch, const PointPlan& plan, std::optional<BaseReference>& base);

/// Repetitions a point is expected to make, for the progress line.
std::int64_t expected_units(const LaunchOptions& options);

}  // namespace tpscale
