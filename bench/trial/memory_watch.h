#pragma once
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "backend/backend.h"
#include "bench/store/point.h"

namespace tpscale {

/// How full a KV pool is.
struct KvFill {
  std::int64_t blocks_used = 0;
  std::int64_t slots_used = 0;  ///< tokens stored
};

/// Memory at one moment.
struct MemorySample {
  double time_s = 0.0;                      ///< after the watch began
  MemoryUse own;                            ///< by the suite's allocator
  std::optional<std::size_t> device_bytes;  ///< the device's own view (NVML, resident set)
  KvFill kv;
};

/// Looks at a rank's memory again and again, from a thread of its own, until it is stopped.
class MemoryWatch {
 public:
  /// `interval_s` 0: from 1 ms on, twice as long whenever 128 samples are there (of which every second is
  /// dropped), up to 0.5 s: between 64 and 128 samples fall into any run of 64 ms to 64 s. `kv` is called by
  /// the watching thread. Both must live longer.
  MemoryWatch(Backend& backend, double interval_s, std::function<KvFill()> kv);
  ~MemoryWatch();
  MemoryWatch(const MemoryWatch&) = delete;
  MemoryWatch& operator=(const MemoryWatch&) = delete;

  /// The samples, oldest first: one of the beginning and one of now at least.
  std::vector<MemorySample> stop();

 private:
  MemorySample look() const;
  void watch();
  void thin_out();

  Backend& backend_;
  const bool adapts_;
  std::chrono::duration<double> interval_;
  std::function<KvFill()> kv_;
  std::chrono::steady_clock::time_point begin_;
  std::mutex mutex_;
  std::condition_variable leave_;
  bool leaving_ = false;
  std::vector<MemorySample> samples_;
  std::thread thread_;
};

/// As samples of phase "monitor", a row a sample and this rank the one column: "sample_time" and beside it
/// bytes by kind, the device's view (absent where it tells none), KV blocks and slots in use; the names end
/// in `arm`, but for the time's, which begins with it.
std::vector<Samples> monitor_samples(const std::vector<MemorySample>& taken, const std::string& arm);

}  // namespace tpscale
