#pragma once
#include <chrono>
#include <vector>

#include "backend/backend.h"
#include "backend/device_monitor.h"
#include "bench/store/point.h"

namespace tpscale {

/// What this rank's device says of itself while it is measured: clocks, temperature, power, memory, and what
/// holds the clocks down. Nothing where the device does not tell (a CPU).
class DeviceWatch {
 public:
  explicit DeviceWatch(const Backend& backend,
                       std::chrono::milliseconds interval = std::chrono::milliseconds(100));

  /// A repetition begins.
  void start();
  /// Whether heat or a brake held the clocks down since start(). The power limit is the card's own and no
  /// taint.
  bool held_down();
  /// Everything since the beginning as samples of phase "monitor", one column: this rank. Empty where there
  /// is nothing.
  std::vector<Samples> samples();

 private:
  void take();

  std::chrono::steady_clock::time_point begin_;
  DeviceMonitor monitor_;
  std::vector<DeviceSample> taken_;
  std::size_t repetition_ = 0;  ///< first of the samples taken since start()
};

}  // namespace tpscale
