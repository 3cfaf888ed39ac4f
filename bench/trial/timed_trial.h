#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "bench/provenance/run_delay_gauge.h"
#include "bench/store/point.h"
#include "bench/trial/device_watch.h"
#include "bench/trial/request_times.h"
#include "comm/communicator.h"
#include "engine/engine.h"

namespace tpscale {

/// The quantities of a timed repetition, in the order of the samples. "idle": nothing to do before the next
/// arrival.
inline constexpr std::array<std::string_view, 7> kTimedNames = {
    "wall", "prefill", "decode", "schedule", "ttft_mean", "tpot_mean", "idle"};

/// Rank 0's answer after each repetition.
enum class Next : std::int64_t { kRepeat, kDone, kInterrupted };

/// One side of a comparison: an engine and how it is to be set.
struct Arm {
  std::string name;  ///< "on": what its samples' and figures' names end in; empty where there is only one
  Engine* engine = nullptr;
  std::function<void()> set_up = [] {};  ///< before each of its runs, outside the clock
  /// The self-test's: this share of a run's seconds is waited, busily, inside the clock. Counted as
  /// scheduling, which is the host's work in no step.
  double delay = 0.0;
  /// Serves the requests in place of the engine's own run.
  std::function<RunResult(std::span<const Request>)> serve = {};
};

/// One more quantity of a run on one rank, beyond those of kTimedNames. NaN where a run does not have it.
struct Quantity {
  std::string name;
  std::string unit;  ///< counts ("token", "1", "B") were given by no clock, all else by the host's
  std::function<double(const RunResult&)> of;
};

/// What the repetitions of one arm gave.
struct TimedTrial {
  std::vector<Samples>
      samples;     ///< "wall_seconds", ...: one row a repetition (the first the warm-up), a column a rank
  RunResult last;  ///< of the last repetition
  std::vector<std::vector<RequestTimes>> request_times;  ///< of every run, the warm-up's too, on this rank
  bool same_tokens = true;                               ///< every repetition gave the tokens of the first
  bool caches_were_empty = true;     ///< no block in use and none to be found, before every run, on this rank
  std::vector<std::int64_t> places;  ///< 0: ran first; a repetition each, the warm-up's too
  bool interrupted = false;
  double timed_seconds = 0.0;  ///< inside timed regions, on this rank
};

/// What a trial needs besides its arms.
struct TrialSetting {
  Backend& backend;
  Communicator& group;
  std::span<const Request> requests;
  RunDelayGauge& gauge;  ///< one a rank: marks the repetitions during which others took a rank's cores
  DeviceWatch& watch;    ///< one a rank: marks those during which a device's clocks were held down
  /// Asked on rank 0 after each repetition with the seconds of all arms (the maximum over ranks); about the
  /// warm-up with a negative number.
  std::function<Next(double)> decide;
  std::string inject_bug;  ///< tests: "clock" and "time" give wrong seconds on purpose
  std::uint64_t seed = 0;  ///< of the order of the arms
  std::vector<Quantity> quantities = {};
};

/// What all ranks of a group do the same: one warm-up and repetitions of the whole workload on every arm,
/// the arm set up, its caches flushed and seen to be empty before each. The arms of a repetition follow one
/// another in an order drawn anew each time, so that what the machine suffers meanwhile hits all of them. A
/// trial an arm, in their order.
std::vector<TimedTrial> run_timed_trials(const TrialSetting& setting, std::span<const Arm> arms);

/// Samples with a column a rank, filled row by row.
Samples rank_samples(std::string name, std::string unit, std::string clock, std::string phase, int ranks);
/// "decode_seconds" of arm "on" -> "decode_seconds_on"; of the only arm itself.
std::string name_of_arm(const std::string& name, const std::string& arm);

}  // namespace tpscale
