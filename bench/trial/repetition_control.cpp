#include "bench/trial/repetition_control.h"

namespace tpscale {
namespace {

constexpr double kDefaultMaxSeconds = 60.0;

std::unique_ptr<StoppingRule> rule_of(const RunOptions& run) {
  return make_stopping_rule(run.repetitions, run.precision,
                            run.max_seconds > 0.0 ? run.max_seconds : kDefaultMaxSeconds);
}

}  // namespace

RepetitionControl::RepetitionControl(Launch& launch)
    : launch_(launch), rule_(rule_of(launch.options.run)), begin_(std::chrono::steady_clock::now()) {}

Next RepetitionControl::after(double seconds) {
  launch_.progress.done();
  if (launch_.interrupt.requested()) return Next::kInterrupted;
  if (seconds < 0.0) {
    begin_ = std::chrono::steady_clock::now();
    return Next::kRepeat;
  }
  times_.push_back(seconds);
  const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  const auto ended = rule_->ended(times_, elapsed);
  if (ended) ended_by_ = *ended;
  return ended ? Next::kDone : Next::kRepeat;
}

void RepetitionControl::describe(Point& point) const {
  point.conditions.emplace_back("repetition_rule", rule_->description());
  point.conditions.emplace_back("repetition_rule_ended", ended_by_);
}

}  // namespace tpscale
