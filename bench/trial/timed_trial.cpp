#include "bench/trial/timed_trial.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "bench/timing/phase_breakdown.h"
#include "bench/trial/agreement.h"

namespace tpscale {
namespace {

using Clock = std::chrono::steady_clock;

/// Mean over requests, on this rank's clock. TPOT: over requests of two or more output tokens; 0 where there
/// is none.
std::pair<double, double> mean_latencies(const RunResult& result) {
  double ttft = 0.0;
  double tpot = 0.0;
  std::int64_t with_tpot = 0;
  for (const RequestResult& request : result.requests) {
    const auto& times = request.token_times_s;
    ttft += times.front() - request.arrival_s;
    if (times.size() < 2) continue;
    tpot += (times.back() - times.front()) / static_cast<double>(times.size() - 1);
    ++with_tpot;
  }
  return {ttft / static_cast<double>(result.requests.size()),
          with_tpot == 0 ? 0.0 : tpot / static_cast<double>(with_tpot)};
}

bool same_tokens(const RunResult& a, const RunResult& b) {
  return std::equal(a.requests.begin(), a.requests.end(), b.requests.begin(), b.requests.end(),
                    [](const RequestResult& x, const RequestResult& y) { return x.tokens == y.tokens; });
}

std::array<double, kTimedNames.size()> repeat_once(Engine& engine, Backend& backend, Communicator& group,
                                                   std::span<const Request> requests,
                                                   const std::string& inject_bug, RunResult& result) {
  engine.flush_prefix_cache();
  group.barrier();
  backend.stream().synchronize();
  const auto start = Clock::now();
  result = engine.run(requests);
  backend.stream().synchronize();
  const double wall = std::chrono::duration<double>(Clock::now() - start).count();
  const RunSeconds seconds = run_seconds(result);
  const auto [ttft, tpot] = mean_latencies(result);
  if (inject_bug == "clock")
    return {wall / 1000, seconds.prefill / 1000, seconds.decode / 1000, seconds.schedule / 1000, ttft, tpot};
  if (inject_bug == "time") return {wall, seconds.prefill / 2, seconds.decode, seconds.schedule, ttft, tpot};
  return {wall, seconds.prefill, seconds.decode, seconds.schedule, ttft, tpot};
}

}  // namespace

Samples rank_samples(std::string name, std::string unit, std::string clock, std::string phase, int ranks) {
  Samples samples;
  samples.name = std::move(name);
  samples.unit = std::move(unit);
  samples.clock = std::move(clock);
  samples.phase = std::move(phase);
  for (int rank = 0; rank < ranks; ++rank) samples.columns.push_back("rank " + std::to_string(rank));
  return samples;
}

TimedTrial run_timed_trial(Engine& engine, Backend& backend, Communicator& group,
                           std::span<const Request> requests, const std::function<Next(double)>& decide,
                           RunDelayGauge& gauge, const std::string& inject_bug) {
  TimedTrial trial;
  for (const std::string_view name : kTimedNames) {
    trial.samples.push_back(
        rank_samples(std::string(name) + "_seconds", "s", "steady_clock", "timed", group.size()));
    trial.samples.back().warm_ups = 1;
  }
  RunResult first;
  auto next = Next::kRepeat;
  for (std::int64_t repetition = 0; next == Next::kRepeat; ++repetition) {
    gauge.start();
    const auto mine = repeat_once(engine, backend, group, requests, inject_bug, trial.last);
    if (repetition > 0) trial.timed_seconds += mine[0];
    const std::array waited{gauge.share().value_or(0.0)};
    const auto all = gather(group, mine);
    const std::string mark = RunDelayGauge::mark(std::ranges::max(gather(group, waited))[0]);
    double slowest = 0.0;
    for (std::size_t i = 0; i < trial.samples.size(); ++i) {
      auto& row = trial.samples[i].rows.emplace_back();
      trial.samples[i].marks.push_back(mark);
      for (const auto& rank : all) row.push_back(rank[i]);
      if (i == 0) slowest = *std::max_element(row.begin(), row.end());
    }
    if (repetition == 0) {
      first = trial.last;
    } else {
      trial.same_tokens = trial.same_tokens && same_tokens(first, trial.last);
    }
    const Next answer = group.rank() == 0 ? decide(repetition == 0 ? -slowest : slowest) : Next::kRepeat;
    next = static_cast<Next>(told_by_root(group, static_cast<std::int64_t>(answer)));
  }
  trial.interrupted = next == Next::kInterrupted;
  return trial;
}

}  // namespace tpscale
