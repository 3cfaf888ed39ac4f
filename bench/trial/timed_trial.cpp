#include "bench/trial/timed_trial.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <random>

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

bool caches_are_empty(const Engine& engine) {
  return engine.cached_blocks() == 0 && engine.free_blocks() == engine.sizes().num_kv_blocks;
}

/// Computes nothing, as a step that is slower would; not asleep, so that nobody else gets the core.
void wait_busily(double seconds) {
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  while (Clock::now() < end) {
  }
}

std::vector<double> repeat_once(const TrialSetting& setting, const Arm& arm, TimedTrial& trial,
                                RunResult& result) {
  arm.set_up();
  arm.engine->flush_prefix_cache();
  trial.caches_were_empty = trial.caches_were_empty && caches_are_empty(*arm.engine);
  setting.group.barrier();
  setting.backend.stream().synchronize();
  const auto start = Clock::now();
  result = arm.serve ? arm.serve(setting.requests) : arm.engine->run(setting.requests);
  setting.backend.stream().synchronize();
  const double delay = arm.delay * result.wall_seconds;
  if (delay > 0.0) wait_busily(delay);
  const double wall = std::chrono::duration<double>(Clock::now() - start).count();
  const RunSeconds seconds = run_seconds(result);
  const auto [ttft, tpot] = mean_latencies(result);
  std::vector<double> values{wall, seconds.prefill,    seconds.decode, seconds.schedule + delay, ttft,
                             tpot, result.idle_seconds};
  if (setting.inject_bug == "clock") std::for_each_n(values.begin(), 4, [](double& value) { value /= 1000; });
  if (setting.inject_bug == "time") values[1] /= 2;
  for (const Quantity& quantity : setting.quantities) values.push_back(quantity.of(result));
  return values;
}

TimedTrial empty_trial(const TrialSetting& setting, const Arm& arm) {
  TimedTrial trial;
  const auto add = [&](const std::string& name, const std::string& unit) {
    const bool counted = unit == "token" || unit == "1" || unit == "B";
    trial.samples.push_back(rank_samples(name_of_arm(name, arm.name), unit, counted ? "none" : "steady_clock",
                                         "timed", setting.group.size()));
    trial.samples.back().warm_ups = 1;
  };
  for (const std::string_view name : kTimedNames) add(std::string(name) + "_seconds", "s");
  for (const Quantity& quantity : setting.quantities) add(quantity.name, quantity.unit);
  return trial;
}

/// Of every rank: the share of the time it waited for a core, and whether its device's clocks were held down.
std::string mark_of(const std::vector<std::vector<double>>& disturbed) {
  double waited = 0.0;
  bool held_down = false;
  for (const auto& rank : disturbed) {
    waited = std::max(waited, rank[0]);
    held_down = held_down || rank[1] > 0.0;
  }
  return held_down ? "tainted: heat or a brake held a device's clocks down" : RunDelayGauge::mark(waited);
}

/// One run of an arm, its values from all ranks in the samples. Returns the slowest rank's seconds.
double add_repetition(const TrialSetting& setting, const Arm& arm, bool warm_up, TimedTrial& trial) {
  RunResult result;
  setting.watch.start();
  setting.gauge.start();
  const auto mine = repeat_once(setting, arm, trial, result);
  const std::array disturbed{setting.gauge.share().value_or(0.0), setting.watch.held_down() ? 1.0 : 0.0};
  if (!warm_up) trial.timed_seconds += mine[0];
  const auto all = gather(setting.group, mine);
  const std::string mark = mark_of(gather(setting.group, disturbed));
  for (std::size_t i = 0; i < trial.samples.size(); ++i) {
    auto& row = trial.samples[i].rows.emplace_back();
    trial.samples[i].marks.push_back(mark);
    for (const auto& rank : all) row.push_back(rank[i]);
  }
  trial.request_times.push_back(request_times(result.requests));
  if (!warm_up) trial.same_tokens = trial.same_tokens && same_tokens(trial.last, result);
  trial.last = std::move(result);
  return std::ranges::max(trial.samples.front().rows.back());
}

}  // namespace

std::string name_of_arm(const std::string& name, const std::string& arm) {
  return arm.empty() ? name : name + "_" + arm;
}

Samples rank_samples(std::string name, std::string unit, std::string clock, std::string phase, int ranks) {
  Samples samples;
  samples.name = std::move(name);
  samples.unit = std::move(unit);
  samples.clock = std::move(clock);
  samples.phase = std::move(phase);
  for (int rank = 0; rank < ranks; ++rank) samples.columns.push_back("rank " + std::to_string(rank));
  return samples;
}

std::vector<TimedTrial> run_timed_trials(const TrialSetting& setting, std::span<const Arm> arms) {
  std::vector<TimedTrial> trials;
  std::vector<std::size_t> order;
  for (const Arm& arm : arms) {
    order.push_back(trials.size());
    trials.push_back(empty_trial(setting, arm));
  }
  std::mt19937_64 draw(setting.seed);  // the same on every rank
  auto next = Next::kRepeat;
  for (bool warm_up = true; next == Next::kRepeat; warm_up = false) {
    double seconds = 0.0;
    for (std::size_t place = 0; place < order.size(); ++place) {
      const std::size_t arm = order[place];
      trials[arm].places.push_back(static_cast<std::int64_t>(place));
      seconds += add_repetition(setting, arms[arm], warm_up, trials[arm]);
    }
    const Next answer =
        setting.group.rank() == 0 ? setting.decide(warm_up ? -seconds : seconds) : Next::kRepeat;
    next = static_cast<Next>(told_by_root(setting.group, static_cast<std::int64_t>(answer)));
    std::ranges::shuffle(order, draw);
  }
  for (TimedTrial& trial : trials) trial.interrupted = next == Next::kInterrupted;
  return trials;
}

}  // namespace tpscale
