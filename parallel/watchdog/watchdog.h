#pragma once
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <span>
#include <thread>

#include "parallel/watchdog/progress.h"

namespace tpscale {

/// A thread that ends the process with exit 124 when this rank stays in one operation for too long, after one
/// line on standard error: which rank, in what, for how long, what it finished last, and where the others of
/// its host are. It calls nothing but the kernel: a library that hangs cannot hold it up.
///
/// It does the same when another rank of its host stands still as a whole (stopped, or dead without its
/// launcher minding): a parked rank waits without a limit for one that works alone, and would do so for ever.
/// That is counted in looks of its own, so a launch that is suspended and continued as a whole has nothing to
/// fear.
class Watchdog {
 public:
  /// `local` holds the records of the ranks of this host, `ranks` their ranks; local[own] is this process's.
  Watchdog(std::span<Progress> local, std::span<const int> ranks, std::size_t own, double seconds);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  void set_limit(double seconds) noexcept { seconds_.store(seconds, std::memory_order_relaxed); }

 private:
  void watch();
  [[noreturn]] void end_waiting(double waited) const noexcept;
  [[noreturn]] void end_beside(std::size_t other, double seconds) const noexcept;

  std::span<Progress> local_;
  std::span<const int> ranks_;
  std::size_t own_;
  std::atomic<double> seconds_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace tpscale
