#pragma once
#include <cstddef>
#include <memory>
#include <vector>

#include "comm/communicator.h"
#include "parallel/exchange/exchange.h"
#include "parallel/watchdog/progress.h"

namespace tpscale {

/// N ranks in one process, for tests: one communicator a thread, all over one piece of the heap. The same
/// collectives as those of processes on one host, so that thread sanitizers can read them. The group outlives
/// its communicators.
class ThreadGroup {
 public:
  explicit ThreadGroup(int ranks);

  int size() const noexcept { return static_cast<int>(progress_.size()); }
  /// Called once a rank, from any thread.
  std::unique_ptr<Communicator> communicator(int rank);
  /// Makes every rank that waits in a collective, now or later, throw.
  void poison() noexcept;

 private:
  Exchange exchange_of(int rank) noexcept;

  struct alignas(64) Line {
    std::byte bytes[64];
  };
  std::vector<Line> memory_;
  std::vector<Progress> progress_;
};

}  // namespace tpscale
