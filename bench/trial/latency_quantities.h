#pragma once
#include <functional>
#include <string>
#include <vector>

#include "bench/trial/point_facts.h"
#include "bench/trial/slo.h"
#include "bench/trial/timed_trial.h"

namespace tpscale {

/// Which requests of a run count.
using RequestFilter = std::function<bool(const RequestResult&)>;

/// The latencies of a run, each the mean and percentiles over its requests on this rank's clock:
/// "ttft_p50_seconds" (p90, p99; its mean is "ttft_mean_seconds" of every trial), "ttft_queue_mean_seconds"
/// and "ttft_prefill_mean_seconds" (and p50, p90, p99), "tpot_p50_seconds" (...), "itl_mean_seconds" (...,
/// gaps pooled over requests); "goodput" where `slo` states something. NaN where a run has none.
std::vector<Quantity> latency_quantities(const Slo& slo = {});
/// "ttft_hits_mean_seconds", "ttft_hits_p50_seconds" (p90, p99) of those requests alone, for the group
/// "hits".
std::vector<Quantity> ttft_quantities(const std::string& group, const RequestFilter& which);

/// The figures of latency_quantities, named like them, and of each one's p99 whether it had too few samples
/// ("few samples"): medians over repetitions of rank 0's values, as that host is where a token is known. What
/// a run did not have is absent with the reason. Adds the raw times of every request to the point (see
/// request_times.h). On rank 0 only.
void add_latency_figures(Point& point, const PointFacts& facts, const Slo& slo = {});
/// The median over repetitions of what rank 0 had of `quantity`, as the figure `name`; absent with `none`
/// where a run did not have it.
void add_rank_zero_figure(Point& point, const PointFacts& facts, const std::string& name,
                          const std::string& quantity, const std::string& how, const std::string& none = "",
                          const std::vector<std::string>& marks = {});
/// Of ttft_quantities. `which` as there.
void add_ttft_figures(Point& point, const PointFacts& facts, const std::string& group,
                      const RequestFilter& which);

}  // namespace tpscale
