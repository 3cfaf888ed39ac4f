#include "bench/trial/memory_watch.h"

#include <algorithm>
#include <utility>

#include "bench/trial/timed_trial.h"

namespace tpscale {
namespace {

constexpr double kFirstInterval = 0.001;
constexpr double kInterval = 0.5;
constexpr std::size_t kMostSamples = 128;  // while the interval grows

}  // namespace

MemoryWatch::MemoryWatch(Backend& backend, double interval_s, std::function<KvFill()> kv)
    : backend_(backend),
      adapts_(interval_s <= 0.0),
      interval_(adapts_ ? kFirstInterval : interval_s),
      kv_(std::move(kv)),
      begin_(std::chrono::steady_clock::now()),
      samples_{look()},
      thread_([this] { watch(); }) {}

MemoryWatch::~MemoryWatch() {
  if (thread_.joinable()) stop();
}

std::vector<MemorySample> MemoryWatch::stop() {
  {
    const std::lock_guard lock(mutex_);
    leaving_ = true;
  }
  leave_.notify_all();
  thread_.join();
  samples_.push_back(look());
  return std::exchange(samples_, {});
}

MemorySample MemoryWatch::look() const {
  MemorySample sample;
  sample.own = backend_.memory().use();
  if (backend_.memory_is_host()) {
    sample.device_bytes = backend_.device_memory().used_bytes;
  } else if (const auto state = backend_.device_state()) {
    sample.device_bytes = state->used_bytes;
  }
  sample.kv = kv_();
  sample.time_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  return sample;
}

void MemoryWatch::watch() {
  std::unique_lock lock(mutex_);
  while (!leave_.wait_for(lock, interval_, [this] { return leaving_; })) {
    lock.unlock();
    const MemorySample sample = look();
    lock.lock();
    samples_.push_back(sample);
    if (adapts_ && samples_.size() == kMostSamples && interval_.count() < kInterval) thin_out();
  }
}

void MemoryWatch::thin_out() {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < samples_.size(); i += 2) samples_[kept++] = samples_[i];
  samples_.resize(kept);
  interval_ = std::min(interval_ * 2, std::chrono::duration<double>(kInterval));
}

std::vector<Samples> monitor_samples(const std::vector<MemorySample>& taken, const std::string& arm) {
  std::vector<Samples> all;
  const auto add = [&](const std::string& name, const std::string& unit, const std::string& clock,
                       const std::function<double(const MemorySample&)>& of) {
    Samples& series = all.emplace_back(rank_samples(name, unit, clock, "monitor", 1));
    for (const MemorySample& sample : taken) series.rows.push_back({of(sample)});
  };
  add(arm.empty() ? "sample_time" : arm + "_sample_time", "s", "steady_clock",
      [](const MemorySample& sample) { return sample.time_s; });
  for (const MemoryKind kind :
       {MemoryKind::kWeights, MemoryKind::kKvCache, MemoryKind::kActivations, MemoryKind::kOther}) {
    add(name_of_arm("memory_" + std::string(to_string(kind)), arm), "B", "none",
        [kind](const MemorySample& sample) {
          return static_cast<double>(sample.own.by_kind[static_cast<std::size_t>(kind)]);
        });
  }
  const bool viewed =
      std::ranges::all_of(taken, [](const MemorySample& sample) { return sample.device_bytes.has_value(); });
  if (viewed) {
    add(name_of_arm("memory_device_view", arm), "B", "none",
        [](const MemorySample& sample) { return static_cast<double>(*sample.device_bytes); });
  }
  add(name_of_arm("kv_blocks_used", arm), "1", "none",
      [](const MemorySample& sample) { return static_cast<double>(sample.kv.blocks_used); });
  add(name_of_arm("kv_slots_used", arm), "1", "none",
      [](const MemorySample& sample) { return static_cast<double>(sample.kv.slots_used); });
  return all;
}

}  // namespace tpscale
