#include "bench/trial/instrumented_trial.h"

#include <array>
#include <string>

#include "bench/timing/phase_breakdown.h"
#include "bench/timing/timed_communicator.h"
#include "bench/timing/timed_ops.h"
#include "bench/trial/agreement.h"
#include "bench/trial/timed_trial.h"

namespace tpscale {
namespace {

std::vector<Samples> empty_samples(int ranks) {
  std::vector<Samples> samples;
  for (const char* phase : {"prefill_", "decode_"}) {
    for (const std::string_view part : kPhaseSecondsNames) {
      samples.push_back(
          rank_samples(phase + std::string(part) + "_seconds", "s", "steady_clock", "instrumented", ranks));
    }
  }
  return samples;
}

PhaseBreakdown break_down(Engine& engine, Backend& backend, Communicator& group,
                          std::span<const Request> requests) {
  StepTimer timer(backend.stream());
  TimedOps ops(backend.ops(), timer);
  TimedCommunicator comm(group, timer);
  PhaseBreakdown breakdown;
  engine.flush_prefix_cache();
  group.barrier();
  backend.stream().synchronize();
  engine.run(requests, Execution{ops, comm},
             [&](const StepRecord& step) { breakdown.add(step, timer.take()); });
  backend.stream().synchronize();
  return breakdown;
}

}  // namespace

std::vector<Samples> run_instrumented_trial(Engine& engine, Backend& backend, Communicator& group,
                                            std::span<const Request> requests, std::int64_t repetitions,
                                            const std::function<bool()>& go_on) {
  auto samples = empty_samples(group.size());
  for (std::int64_t repetition = 0; repetition < repetitions; ++repetition) {
    if (told_by_root(group, group.rank() == 0 && go_on() ? 1 : 0) == 0) break;
    const PhaseBreakdown breakdown = break_down(engine, backend, group, requests);
    std::vector<double> mine;
    for (const PhaseSeconds& phase : {breakdown.prefill(), breakdown.decode()}) {
      for (const double seconds : as_array(phase)) mine.push_back(seconds);
    }
    const auto all = gather(group, mine);
    for (std::size_t i = 0; i < samples.size(); ++i) {
      auto& row = samples[i].rows.emplace_back();
      for (const auto& rank : all) row.push_back(rank[i]);
    }
  }
  if (samples.front().rows.empty()) samples.clear();
  return samples;
}

}  // namespace tpscale
