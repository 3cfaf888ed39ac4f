#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace tpscale {

/// When to stop repeating. Asked on rank 0 only, after each repetition: it depends on a clock.
class StoppingRule {
 public:
  virtual ~StoppingRule() = default;
  /// `times`: of the repetitions so far (the maximum over ranks, without warm-ups); `elapsed_seconds`: since
  /// the first of them began. Returns the rule that ended it, in words for the store, or nullopt to go on. At
  /// least one repetition is made.
  virtual std::optional<std::string> ended(std::span<const double> times, double elapsed_seconds) const = 0;
  virtual std::string description() const = 0;
};

/// Exactly `repetitions`.
std::unique_ptr<StoppingRule> fixed_repetitions(std::int64_t repetitions);
/// Until the half width of the median's 95 % interval is below `precision` of the median (after 8 repetitions
/// at least: below that a bootstrap's interval is too narrow to be asked) or `max_seconds` are spent.
std::unique_ptr<StoppingRule> precision_or_time(double precision, double max_seconds);
/// precision > 0 chooses precision_or_time, else fixed_repetitions. Throws UsageError where a number makes no
/// sense.
std::unique_ptr<StoppingRule> make_stopping_rule(std::int64_t repetitions, double precision,
                                                 double max_seconds);

}  // namespace tpscale
