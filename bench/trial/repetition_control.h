#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "bench/statistics/stopping_rule.h"
#include "bench/store/point.h"
#include "bench/trial/launch.h"
#include "bench/trial/timed_trial.h"

namespace tpscale {

/// Rank 0's answer to "once more?" after each repetition: the launch's stopping rule, its progress line, its
/// signals.
class RepetitionControl {
 public:
  explicit RepetitionControl(Launch& launch);

  /// `seconds` of a repetition; negative ones are the warm-up's.
  Next after(double seconds);
  /// Which rule there was and what ended it.
  void describe(Point& point) const;

 private:
  Launch& launch_;
  std::unique_ptr<StoppingRule> rule_;
  std::vector<double> times_;
  std::string ended_by_;
  std::chrono::steady_clock::time_point begin_;
};

}  // namespace tpscale
