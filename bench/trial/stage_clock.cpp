#include "bench/trial/stage_clock.h"

#include <algorithm>

namespace tpscale {

void StageClock::add(const std::string& name, Kind kind, double seconds) noexcept {
  const auto same = [&](const Stage& stage) { return stage.name == name; };
  const auto it = std::find_if(stages_.begin(), stages_.end(), same);
  if (it != stages_.end()) {
    it->seconds += seconds;
  } else {
    stages_.push_back({name, kind, seconds});
  }
}

double StageClock::total_seconds() const {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

double StageClock::measuring_seconds() const noexcept {
  double seconds = 0.0;
  for (const Stage& stage : stages_) {
    if (stage.kind == Kind::kMeasuring) seconds += stage.seconds;
  }
  return seconds;
}

double StageClock::overhead_share() const {
  const double total = total_seconds();
  return total > 0.0 ? 1.0 - measuring_seconds() / total : 0.0;
}

std::vector<std::pair<std::string, double>> StageClock::stages() const {
  std::vector<std::pair<std::string, double>> named;
  for (const Stage& stage : stages_) named.emplace_back(stage.name, stage.seconds);
  return named;
}

}  // namespace tpscale
