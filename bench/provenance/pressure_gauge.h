#pragma once
#include <chrono>
#include <optional>
#include <string>

namespace tpscale {

/// Watches whether others took the cores during a sample: the share of time in which something runnable
/// waited for a CPU
/// (/proc/pressure/cpu of Linux, line `some`, of the whole host).
///
///   gauge.start(); ...the sample...; samples.marks.push_back(gauge.mark());
///
/// Where our own ranks share cores (oversubscribed) they raise the pressure themselves: nothing is marked
/// then.
class PressureGauge {
 public:
  static constexpr double kTolerated = 0.005;  ///< share of the window

  explicit PressureGauge(bool oversubscribed, std::string path = "/proc/pressure/cpu");

  void start();
  /// Since start(): the share of time under pressure; nullopt where it cannot be told. The kernel renews its
  /// count every two seconds, so a shorter window counts as two: the share is that of the seconds around it.
  std::optional<double> share() const;
  /// "" or "tainted: 1.2 % CPU pressure".
  std::string mark() const;
  /// Why nothing is marked: "" where the gauge works.
  const std::string& absent_reason() const noexcept { return absent_reason_; }

 private:
  using Clock = std::chrono::steady_clock;
  std::optional<double> waited_seconds() const;

  std::string path_;
  std::string absent_reason_;
  std::optional<double> waited_before_;
  Clock::time_point begin_;
};

}  // namespace tpscale
