#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/statistics/bootstrap.h"
#include "bench/trial/point_facts.h"
#include "bench/trial/point_frame.h"
#include "bench/trial/point_table.h"

namespace tpscale {

/// One point of an ablation: the arms served by one launch, interleaved, on the same requests.
struct Comparison {
  PointPlan plan;
  EngineOptions engine;
  /// The arms, the base first: settings of the session's engine, or siblings of it. Called once, by every
  /// rank of the group. Throws, on all of them, NotAvailableError where this device or build has no such arms
  /// or OutOfMemoryError where they do not fit: the point is then stored as such, with the reason.
  std::function<std::vector<Arm>(ModelSession&)> arms;
  /// The plan's requests at the times this machine can serve them, which is found out with the arms. Called
  /// once, by every rank of the group; only arrivals may be other than planned. Empty: as planned.
  std::function<std::vector<Request>(Launch&, RankGroup&, std::span<const Arm>, Point&)> arrivals = {};
  std::vector<Quantity> quantities;
  /// What the session's own engine must hold, where its arms serve with others of their own. Empty: the
  /// plan's requests.
  std::vector<Request> session = {};
  /// The arms compute every row the same way: identical tokens (L0) alone will do.
  bool exact = false;
  /// The arms are to differ: their tokens are not held against one another's, and the model is not judged by
  /// the launch's text; `measure_more` and `compare` say what holds instead.
  bool different = false;
  /// Of the figure that is the peak of an arm's runs.
  std::string peak_name = "memory_peak";
  /// More to measure once the repetitions are over: by every rank of the group; adds to the point on rank 0.
  std::function<void(Launch&, RankGroup&, ModelSession&, Point&)> measure_more = {};
  /// What the arms beside one another say, added on rank 0 to the figures of each arm.
  std::function<void(Point&, std::span<const PointFacts>, Engine&)> compare;
};

/// Measures (or reads back, or marks as not available) and publishes the point; see publish_point. Every arm
/// generates the base's tokens (L0, or L1 where the numerics differ; the verdict says which), repeatably,
/// from empty caches, in times that add up and are plausible; else the point has no figures. Each arm's peak
/// memory is its own: it is reset before each run.
std::optional<Point> measure_comparison(Launch& launch, const Comparison& comparison);

/// Runs an ablation's comparisons one after another and appends its report: the table has a row a point, with
/// these columns.
using ComparisonColumn = PointColumn;
void run_comparisons(Launch& launch, const std::string& experiment,
                     const std::function<std::vector<Comparison>()>& plan,
                     std::span<const ComparisonColumn> columns);
/// The same with a table of its own.
void run_comparisons(Launch& launch, const std::string& experiment,
                     const std::function<std::vector<Comparison>()>& plan,
                     const std::function<std::string(std::span<const Point>)>& table);

/// other / base of a quantity in the repetitions that count in both: the pairs of a repetition resampled
/// together.
Interval paired_ratio(const PointFacts& other, const PointFacts& base, const std::string& quantity);
/// (scale x ratio + offset) as a figure in `unit`, its interval with it.
Metric ratio_metric(const std::string& name, const std::string& unit, const Interval& ratio, double scale,
                    double offset, const PointFacts& facts, const std::string& how);

/// The median over repetitions of one of the comparison's quantities (the largest over ranks) as a figure of
/// the arm; absent with `reason` where a run did not have it.
void add_quantity_figure(Point& point, const PointFacts& facts, const std::string& name,
                         const std::string& how, const std::string& reason = "no run had any");
/// A figure that was counted or taken once.
Metric single_metric(const std::string& name, const std::string& unit, double value, const std::string& how,
                     const std::string& method = "taken once, no interval");

}  // namespace tpscale
