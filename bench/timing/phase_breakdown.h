#pragma once
#include <array>
#include <cstddef>
#include <string_view>

#include "bench/timing/step_timer.h"
#include "engine/engine.h"

namespace tpscale {

/// Seconds of all steps of one phase on one rank. `host` is what the step took beyond its device parts:
/// scheduling, writing inputs, reading tokens.
struct PhaseSeconds {
  double step = 0.0, gemm = 0.0, attention = 0.0, other = 0.0, collective = 0.0, host = 0.0;
};
inline constexpr std::array<std::string_view, 6> kPhaseSecondsNames = {"step",  "gemm",       "attention",
                                                                       "other", "collective", "host"};
std::array<double, 6> as_array(const PhaseSeconds& seconds) noexcept;  ///< in the order of the names

/// Splits instrumented steps into prefill and decode. A mixed step is shared out by model FLOPs.
class PhaseBreakdown {
 public:
  void add(const StepRecord& step, const PartSeconds& parts) noexcept;
  const PhaseSeconds& prefill() const noexcept { return prefill_; }
  const PhaseSeconds& decode() const noexcept { return decode_; }

 private:
  PhaseSeconds prefill_, decode_;
};

/// Seconds of prefill, decode and scheduling of a run, from its step records; mixed steps shared out by model
/// FLOPs.
struct RunSeconds {
  double wall = 0.0, prefill = 0.0, decode = 0.0, schedule = 0.0;
};
RunSeconds run_seconds(const RunResult& result) noexcept;

}  // namespace tpscale
