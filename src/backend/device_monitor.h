#pragma once
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "backend/backend.h"

namespace tpscale {

/// A device's state at one moment.
struct DeviceSample {
  double time_s = 0.0;  ///< of the steady clock
  DeviceState state;
};

/// Asks a device for its state again and again, from a thread of its own, until it goes. Without a thread
/// where the device tells nothing.
class DeviceMonitor {
 public:
  /// `backend` must live longer.
  DeviceMonitor(const Backend& backend, std::chrono::milliseconds interval);
  ~DeviceMonitor();
  DeviceMonitor(const DeviceMonitor&) = delete;
  DeviceMonitor& operator=(const DeviceMonitor&) = delete;

  /// The samples since the last call, oldest first, at least the last 5,000 of them.
  std::vector<DeviceSample> take();

 private:
  void watch(std::chrono::milliseconds interval);

  const Backend& backend_;
  std::mutex mutex_;
  std::condition_variable leave_;
  bool leaving_ = false;
  std::vector<DeviceSample> samples_;
  std::thread thread_;
};

}  // namespace tpscale
