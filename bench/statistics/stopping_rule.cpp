#include "bench/statistics/stopping_rule.h"

#include <sstream>

#include "bench/statistics/bootstrap.h"
#include "bench/statistics/marks.h"
#include "core/error.h"

namespace tpscale {
namespace {

std::string text(double value) {
  std::ostringstream stream;
  stream << value;
  return stream.str();
}

class FixedRepetitions final : public StoppingRule {
 public:
  explicit FixedRepetitions(std::size_t repetitions) : repetitions_(repetitions) {}
  std::optional<std::string> ended(std::span<const double> times, double) const override {
    return times.size() < repetitions_ ? std::nullopt : std::optional(description());
  }
  std::string description() const override {
    return "fixed: " + std::to_string(repetitions_) + " repetitions";
  }

 private:
  std::size_t repetitions_;
};

class PrecisionOrTime final : public StoppingRule {
 public:
  PrecisionOrTime(double precision, double max_seconds) : precision_(precision), max_seconds_(max_seconds) {}
  std::optional<std::string> ended(std::span<const double> times, double elapsed_seconds) const override {
    if (times.empty()) return std::nullopt;
    const std::string after = " after " + std::to_string(times.size()) + " repetitions";
    if (times.size() >= kFewRepetitions) {
      const Interval interval = bootstrap_median(times);
      const double half = 0.5 * (interval.high - interval.low);
      if (half < precision_ * interval.value) {
        return "precision: half width " + text(half / interval.value) + " of the median is below " +
               text(precision_) + after;
      }
    }
    if (elapsed_seconds >= max_seconds_) return "time: " + text(max_seconds_) + " s were spent" + after;
    return std::nullopt;
  }
  std::string description() const override {
    return "until the half width is below " + text(precision_) + " of the median, at most " +
           text(max_seconds_) + " s";
  }

 private:
  double precision_, max_seconds_;
};

}  // namespace

std::unique_ptr<StoppingRule> fixed_repetitions(std::int64_t repetitions) {
  if (repetitions < 1) throw UsageError("--repetitions must be at least 1");
  return std::make_unique<FixedRepetitions>(static_cast<std::size_t>(repetitions));
}

std::unique_ptr<StoppingRule> precision_or_time(double precision, double max_seconds) {
  if (!(precision > 0.0 && precision < 1.0))
    throw UsageError("--precision must be a share between 0 and 1, such as 0.02");
  if (!(max_seconds > 0.0)) throw UsageError("--precision needs --max-seconds of more than 0");
  return std::make_unique<PrecisionOrTime>(precision, max_seconds);
}

std::unique_ptr<StoppingRule> make_stopping_rule(std::int64_t repetitions, double precision,
                                                 double max_seconds) {
  if (precision != 0.0) return precision_or_time(precision, max_seconds);
  return fixed_repetitions(repetitions);
}

}  // namespace tpscale
