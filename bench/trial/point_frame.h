#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/store/point.h"
#include "bench/trial/launch.h"
#include "bench/trial/model_session.h"
#include "bench/trial/point_facts.h"
#include "bench/trial/rank_group.h"
#include "bench/workload/workload.h"

namespace tpscale {

/// One point of an experiment before it is measured: the same on every rank.
struct PointPlan {
  std::string experiment;
  std::string method;  ///< one paragraph for the store
  int degree = 1;
  int shard_of = 0;   ///< degree 1 stands for the first of this many ranks; 0: for itself
  Values parameters;  ///< identity
  std::shared_ptr<const Workload> workload;

  // What measure_point measures beyond every point's own:
  std::vector<Quantity> quantities = {};  ///< of each repetition
  /// Memory seen before the session is there, on every rank of the group; errors are agreed on by it.
  std::function<std::vector<Samples>(Launch&, RankGroup&)> before_session = {};
  /// Adds its figures (and verdicts) on rank 0, before a failed verdict withdraws all of them.
  std::function<void(Point&, const PointFacts&, Engine&)> more_figures = {};
};

/// Measures a point by ranks 0 .. plan.degree-1 (or reads it back where --resume finds it) and publishes it.
/// Collective over the world; the ranks beyond sleep. `measure` fills in everything but identity and
/// provenance, and throws only what its group agrees on; `read_back` is called on rank 0 with a point that
/// was there. Returns the point on rank 0, nullopt elsewhere. Throws InterruptedError on all ranks when a
/// signal asked to stop.
std::optional<Point> publish_point(Launch& launch, const PointPlan& plan, std::int64_t units,
                                   const std::function<void(RankGroup&, Point&)>& measure,
                                   const std::function<void(const Point&)>& read_back = {});

/// The session of a point that measures. Where it does not fit, the point is marked out of memory with what
/// it needed, and there is none.
std::unique_ptr<ModelSession> open_session(Launch& launch, RankGroup& group, const EngineOptions& engine,
                                           std::span<const Request> requests, Point& point);

[[noreturn]] void throw_interrupted();

}  // namespace tpscale
