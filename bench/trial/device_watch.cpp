#include "bench/trial/device_watch.h"

#include <algorithm>
#include <array>
#include <string>

#include "bench/trial/timed_trial.h"

namespace tpscale {
namespace {

bool taints(const std::string& reasons) {
  return reasons.find("thermal") != std::string::npos || reasons.find("brake") != std::string::npos ||
         reasons.find("hardware_slowdown") != std::string::npos;
}

struct Series {
  const char* name;
  const char* unit;
  double (*of)(const DeviceState&);
};
constexpr std::array<Series, 5> kSeries{{
    {"device_clock_sm", "Hz", [](const DeviceState& state) { return state.clock_sm_hz; }},
    {"device_clock_memory", "Hz", [](const DeviceState& state) { return state.clock_memory_hz; }},
    {"device_temperature", "degC", [](const DeviceState& state) { return state.temperature_c; }},
    {"device_power", "W", [](const DeviceState& state) { return state.power_w; }},
    {"device_memory_used", "B",
     [](const DeviceState& state) { return static_cast<double>(state.used_bytes); }},
}};

}  // namespace

DeviceWatch::DeviceWatch(const Backend& backend, std::chrono::milliseconds interval)
    : begin_(std::chrono::steady_clock::now()), monitor_(backend, interval) {}

void DeviceWatch::take() {
  const auto fresh = monitor_.take();
  taken_.insert(taken_.end(), fresh.begin(), fresh.end());
}

void DeviceWatch::start() {
  take();
  repetition_ = taken_.size();
}

bool DeviceWatch::held_down() {
  take();
  return std::any_of(taken_.begin() + static_cast<std::ptrdiff_t>(repetition_), taken_.end(),
                     [](const DeviceSample& sample) { return taints(sample.state.throttle_reasons); });
}

std::vector<Samples> DeviceWatch::samples() {
  take();
  if (taken_.empty()) return {};
  const double begin = std::chrono::duration<double>(begin_.time_since_epoch()).count();
  std::vector<Samples> all{rank_samples("device_sample_time", "s", "steady_clock", "monitor", 1)};
  for (const DeviceSample& sample : taken_) {
    all.front().rows.push_back({sample.time_s - begin});
    all.front().marks.push_back(sample.state.throttle_reasons);
  }
  for (const Series& series : kSeries) {
    all.push_back(rank_samples(series.name, series.unit, "none", "monitor", 1));
    for (const DeviceSample& sample : taken_) all.back().rows.push_back({series.of(sample.state)});
  }
  return all;
}

}  // namespace tpscale
