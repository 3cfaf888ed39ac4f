#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/statistics/bootstrap.h"
#include "bench/trial/point_facts.h"
#include "bench/trial/point_frame.h"

namespace tpscale {

/// One point of an ablation: the arms served by one launch, interleaved, on the same requests.
struct Comparison {
  PointPlan plan;
  EngineOptions engine;
  /// The arms, the base first. Called once, by every rank of the group. Throws NotAvailableError, on all of
  /// them, where this device or build has no such arms: the point is then stored as not available, with the
  /// reason.
  std::function<std::vector<Arm>(Engine&)> arms;
  std::vector<Quantity> quantities;
  /// What the arms beside one another say, added on rank 0 to the figures of each arm.
  std::function<void(Point&, std::span<const PointFacts>, Engine&)> compare;
};

/// Measures (or reads back, or marks as not available) and publishes the point; see publish_point. Every arm
/// generates the base's tokens (L0, or L1 where the numerics differ), else the point has no figures.
std::optional<Point> measure_comparison(Launch& launch, const Comparison& comparison);

/// Runs an ablation's comparisons one after another and appends its report: the table has a row a point, with
/// these columns.
struct ComparisonColumn {
  std::string name, unit;
  std::string metric;  ///< or a parameter of the point
  double scale = 1.0;  ///< printed = stored x scale
};
void run_comparisons(Launch& launch, const std::string& experiment,
                     const std::function<std::vector<Comparison>()>& plan,
                     std::span<const ComparisonColumn> columns);

/// other / base of a quantity in the repetitions that count in both: the pairs of a repetition resampled
/// together.
Interval paired_ratio(const PointFacts& other, const PointFacts& base, const std::string& quantity);
/// (scale x ratio + offset) as a figure in `unit`, its interval with it.
Metric ratio_metric(const std::string& name, const std::string& unit, const Interval& ratio, double scale,
                    double offset, const PointFacts& facts, const std::string& how);

}  // namespace tpscale
