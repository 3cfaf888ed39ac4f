#pragma once
#include <string>

#include "bench/store/point.h"
#include "bench/trial/point_facts.h"

namespace tpscale {

/// Derives every figure of a scaling point from its facts: throughputs, latencies, comm_fraction, MBU and
/// MFU, the isolated all-reduce, memory. What was not measured goes into `absent` with the reason.
void add_figures(Point& point, const PointFacts& facts);

/// The part that one arm of a comparison has as well: throughputs and times, their names ending in the arm's.
void add_timed_figures(Point& point, const PointFacts& facts);

/// After a failed verdict: no performance figure stands; each is absent, and the reason names the verdict.
void withdraw_figures(Point& point);
/// For any other reason.
void withdraw_figures(Point& point, const std::string& reason);

}  // namespace tpscale
