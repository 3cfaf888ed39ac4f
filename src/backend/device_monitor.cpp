#include "backend/device_monitor.h"

#include <utility>

namespace tpscale {
namespace {

constexpr std::size_t kMostSamples = 10'000;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

DeviceMonitor::DeviceMonitor(const Backend& backend, std::chrono::milliseconds interval) : backend_(backend) {
  const auto first = backend_.device_state();
  if (!first) return;
  samples_.push_back({now(), *first});
  thread_ = std::thread([this, interval] { watch(interval); });
}

DeviceMonitor::~DeviceMonitor() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    leaving_ = true;
  }
  leave_.notify_all();
  thread_.join();
}

std::vector<DeviceSample> DeviceMonitor::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(samples_, {});
}

void DeviceMonitor::watch(std::chrono::milliseconds interval) {
  std::unique_lock lock(mutex_);
  while (!leave_.wait_for(lock, interval, [this] { return leaving_; })) {
    lock.unlock();
    auto state = backend_.device_state();
    lock.lock();
    if (!state) continue;
    if (samples_.size() == kMostSamples)
      samples_.erase(samples_.begin(), samples_.begin() + kMostSamples / 2);
    samples_.push_back({now(), std::move(*state)});
  }
}

}  // namespace tpscale
