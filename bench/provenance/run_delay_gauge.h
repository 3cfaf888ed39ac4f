#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace tpscale {

/// Watches whether others took this process's cores during a sample: how long its threads were ready to run
/// and waited for a core (the second number of /proc/self/task/*/schedstat of Linux, in nanoseconds).
///
///   gauge.start(); ...the sample...; marks.push_back(RunDelayGauge::mark(gauge.share().value_or(0)));
///
/// Where our own ranks share cores (oversubscribed) they wait for one another: nothing is said then.
class RunDelayGauge {
 public:
  static constexpr double kTolerated = 0.005;  ///< share of the window

  explicit RunDelayGauge(bool oversubscribed, std::string task_folder = "/proc/self/task");

  void start();
  /// Since start(): the largest share of the time that one thread waited (the others wait for it at the next
  /// barrier); nullopt where it cannot be told.
  std::optional<double> share() const;
  /// "" or "tainted: waited 1.2 % of the time for a core".
  static std::string mark(double share);
  /// Why nothing is said: "" where the gauge works.
  const std::string& absent_reason() const noexcept { return absent_reason_; }

 private:
  using Clock = std::chrono::steady_clock;
  using Delays = std::map<std::string, std::uint64_t>;  // thread -> nanoseconds
  Delays delays() const;

  std::string task_folder_;
  std::string absent_reason_;
  Delays before_;
  Clock::time_point begin_;
};

}  // namespace tpscale
