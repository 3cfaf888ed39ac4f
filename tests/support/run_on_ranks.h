#pragma once
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "comm/communicator.h"
#include "parallel/thread/thread_group.h"

namespace tpscale::test {

/// Runs `function` on `ranks` threads, each with its communicator, and rethrows the first exception. A rank
/// that throws makes those that wait for it in a collective throw as well, so nobody hangs.
inline void run_on_ranks(int ranks, const std::function<void(Communicator&)>& function) {
  ThreadGroup group(ranks);
  std::exception_ptr first;
  std::mutex mutex;
  const auto run = [&](int rank) {
    try {
      const std::unique_ptr<Communicator> communicator = group.communicator(rank);
      function(*communicator);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!first) first = std::current_exception();
      group.poison();
    }
  };
  std::vector<std::thread> threads;
  for (int rank = 1; rank < ranks; ++rank) threads.emplace_back(run, rank);
  run(0);
  for (std::thread& thread : threads) thread.join();
  if (first) std::rethrow_exception(first);
}

}  // namespace tpscale::test
