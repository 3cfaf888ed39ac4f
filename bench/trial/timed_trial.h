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
#include "comm/communicator.h"
#include "engine/engine.h"

namespace tpscale {

/// The quantities of a timed repetition, in the order of the samples.
inline constexpr std::array<std::string_view, 6> kTimedNames = {"wall",     "prefill",   "decode",
                                                                "schedule", "ttft_mean", "tpot_mean"};

/// Rank 0's answer after each repetition.
enum class Next : std::int64_t { kRepeat, kDone, kInterrupted };

struct TimedTrial {
  std::vector<Samples>
      samples;     ///< "wall_seconds", ...: one row a repetition (the first the warm-up), a column a rank
  RunResult last;  ///< of the last repetition
  bool same_tokens = true;  ///< every repetition gave the tokens of the first
  bool interrupted = false;
  double timed_seconds = 0.0;  ///< inside timed regions, on this rank
};

/// What all ranks of a group do the same: one warm-up and repetitions of the whole workload, caches flushed
/// before each. `decide` is asked on rank 0 after each repetition with its seconds (the maximum over ranks);
/// the warm-up is asked about with a negative number. `gauge` (one a rank) marks the repetitions during which
/// others took a rank's cores. `inject_bug` (tests): "clock" and "time" give wrong seconds on purpose.
TimedTrial run_timed_trial(Engine& engine, Backend& backend, Communicator& group,
                           std::span<const Request> requests, const std::function<Next(double)>& decide,
                           RunDelayGauge& gauge, const std::string& inject_bug);

/// Samples with a column a rank, filled row by row.
Samples rank_samples(std::string name, std::string unit, std::string clock, std::string phase, int ranks);

}  // namespace tpscale
