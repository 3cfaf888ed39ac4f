#pragma once
#include <nccl.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "support/virtual_gpu/nccl/meeting.h"

namespace tpscale::virtual_gpu {

/// One rank of a communicator: what its queued collectives and the calls of the library share. Outlives the
/// communicator where something is still queued.
struct Member {
  explicit Member(std::unique_ptr<Meeting> where) : meeting(std::move(where)) {}

  /// The first error stays: after one, a communicator is good for ncclCommAbort only (manual: "Asynchronous
  /// errors and error handling").
  void fail(ncclResult_t result, const std::string& reason) {
    const std::lock_guard lock(mutex);
    if (error.load() != ncclSuccess) return;
    last_error = reason;
    error.store(result);
  }
  std::string reason() {
    const std::lock_guard lock(mutex);
    return last_error;
  }

  std::unique_ptr<Meeting> meeting;
  std::atomic<ncclResult_t> error{ncclSuccess};
  std::atomic<bool> aborted{false};
  std::atomic<int> queued{0};  ///< collectives in a stream and not finished; those of graphs not counted
  std::atomic<const void*> active{nullptr};  ///< the collective that has begun
  std::uint64_t step = 0;                    ///< of the meeting; only the active collective uses it
  std::mutex mutex;                          ///< of what follows
  std::string last_error;
  std::uint32_t windows_said = 0;
  std::map<const std::byte*, std::pair<std::size_t, std::uint32_t>> windows;  ///< start -> bytes, number
};

}  // namespace tpscale::virtual_gpu
