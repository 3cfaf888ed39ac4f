#include "bench/micro/suite.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "bench/statistics/sample_statistics.h"
#include "bench/trial/virtual_device.h"
#include "core/error.h"

namespace tpscale {
namespace {

/// Iterations between two synchronisations with a device that works beside the host: enough to hide what the
/// synchronisation costs.
constexpr benchmark::IterationCount kDeviceBatch = 32;

/// Shares by a clock of our own: Google Benchmark would print them as something a second.
void set_counters(benchmark::State& state, const Work& work, double elapsed) {
  using benchmark::Counter;
  for (const Rate& rate : work) {
    state.counters[rate.name] = rate.unit == "1"
                                    ? Counter(rate.amount * static_cast<double>(state.iterations()) / elapsed)
                                    : Counter(rate.amount, Counter::kIsIterationInvariantRate);
  }
}

/// The first iteration is begun: so the repetition counts as many as the others, as Google Benchmark wants of
/// all that it makes a mean of.
void skip(benchmark::State& state, const std::string& why) {
  for ([[maybe_unused]] auto _ : state) {
    state.SkipWithError(why.c_str());
    break;
  }
}

/// The marks that the point in the store would have, for the table and the JSON file.
void label(benchmark::State& state, bool oversubscribed, bool implausible) {
  std::string text = oversubscribed ? "oversubscribed: more ranks or threads than cores" : "";
  if (implausible) {
    text += text.empty() ? "" : " | ";
    text += "implausible: above a measured peak; measure again on a quiet machine";
  }
  if (!text.empty()) state.SetLabel(text);
}

}  // namespace

void Suite::add(const CaseName& name, std::function<Prepared()> prepare, benchmark::TimeUnit unit) {
  Entry& entry = entries_.insert_or_assign(name.text(), Entry{.name = name}).first->second;
  benchmark::RegisterBenchmark(name.text().c_str(),
                               [this, &entry, prepare = std::move(prepare)](benchmark::State& state) {
                                 iterate(state, entry, prepare);
                               })
      ->UseRealTime()
      ->Unit(unit);
}

void Suite::add_timed(const CaseName& name, std::int64_t samples, std::function<Timed()> run) {
  Entry& entry =
      entries_.insert_or_assign(name.text(), Entry{.name = name, .times_itself = true}).first->second;
  benchmark::RegisterBenchmark(name.text().c_str(), [this, &entry, run = std::move(run)](
                                                        benchmark::State& state) { take(state, entry, run); })
      ->UseManualTime()
      ->Iterations(samples)
      ->Unit(benchmark::kMicrosecond);
}

bool Suite::may_run(benchmark::State& state, const Entry& entry) const {
  if (interrupt_.requested()) {
    skip(state, kInterrupted);
  } else if (!entry.problem.empty()) {
    skip(state, entry.problem);
  } else {
    return true;
  }
  return false;
}

bool Suite::prepare_once(Entry& entry, const std::function<Prepared()>& prepare) {
  const std::string& name = entry.name.text();
  if (name == kept_name_ && kept_.once) return true;
  kept_ = {};
  try {
    kept_ = prepare();
  } catch (const InputOutputError&) {
    throw;
  } catch (const OutOfMemoryError& error) {
    entry.no_room = error;
    entry.problem = error.what();
  } catch (const Error& error) {
    entry.problem = error.what();
  }
  kept_name_ = name;
  entry.data = kept_.data;
  return entry.problem.empty();
}

void Suite::iterate(benchmark::State& state, Entry& entry, const std::function<Prepared()>& prepare) {
  if (!may_run(state, entry)) return;
  if (!prepare_once(entry, prepare)) return skip(state, entry.problem);
  const bool beside = kept_.device != nullptr && !kept_.device->memory_is_host();
  const benchmark::IterationCount batch = beside ? kDeviceBatch : 1;
  const auto work = [&](benchmark::IterationCount count) {
    for (benchmark::IterationCount i = 0; i < count; ++i) kept_.once();
    if (kept_.device != nullptr) kept_.device->stream().synchronize();
  };
  using Clock = std::chrono::steady_clock;
  const auto used_up = [this] { return kept_.used_up && kept_.used_up(); };
  if (used_up()) kept_.renew();
  work(1);
  Clock::duration untimed{};
  const auto start = Clock::now();
  while (state.KeepRunningBatch(batch)) {
    if (used_up()) {
      state.PauseTiming();
      const auto paused = Clock::now();
      kept_.renew();
      untimed += Clock::now() - paused;
      state.ResumeTiming();
    }
    work(batch);
  }
  const double elapsed = std::chrono::duration<double>(Clock::now() - start - untimed).count();
  entry.work = kept_.work;
  for (const auto& [fact, value] : entry.name.facts()) state.counters[fact] = value;
  set_counters(state, entry.work, elapsed);
  const bool real = kept_.device == nullptr || !is_virtual(*kept_.device);
  label(state, world_.oversubscribed(1),
        real && implausible(entry.work, elapsed / static_cast<double>(state.iterations())));
}

void Suite::take(benchmark::State& state, Entry& entry, const std::function<Timed()>& run) {
  if (!may_run(state, entry)) return;
  Timed timed;
  try {
    timed = run();
  } catch (const OutOfMemoryError& error) {
    entry.no_room = error;
    entry.problem = error.what();
    return skip(state, entry.problem);
  }
  if (!timed.wrong.empty()) {
    wrong_ = true;
    entry.problem = timed.wrong;
    return skip(state, timed.wrong);
  }
  const std::vector<double> seconds = repetition_times(timed.rows, 0);
  std::size_t next = 0;
  for (auto _ : state) state.SetIterationTime(seconds.at(next++));
  // Of the median, as what others took of the cores does not belong to it.
  const double middle = median(seconds);
  for (const Rate& rate : timed.work) state.counters[rate.name] = rate.amount / middle;
  state.counters["median_s"] = middle;
  state.counters["min_s"] = std::ranges::min(seconds);
  label(state, world_.oversubscribed(static_cast<int>(timed.rows.front().size())), false);
  entry.work = timed.work;
  entry.rows.insert(entry.rows.end(), timed.rows.begin(), timed.rows.end());
}

}  // namespace tpscale
