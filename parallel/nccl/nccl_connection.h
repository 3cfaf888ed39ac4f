#pragma once
#include <nccl.h>

#include <condition_variable>
#include <exception>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "comm/communicator.h"
#include "parallel/watchdog/progress.h"

namespace tpscale::nccl {

/// A communicator of NCCL from its first call to its last. It is a non-blocking one: no call of it waits for
/// another rank, waiting is done here, where the watchdog sees it. A thread looks for asynchronous errors
/// (a link, a rank that died) and aborts on one: what runs on the device then returns, so the rank's own
/// thread wakes up and throws.
class NcclConnection {
 public:
  /// Collective over `host`, which carries the unique id. `log` outlives it. The calling thread's current
  /// device becomes the communicator's.
  NcclConnection(Communicator& host, OperationLog& log);
  /// Waits for the other ranks' end; aborts where an exception is on its way, or after an error.
  ~NcclConnection();
  NcclConnection(const NcclConnection&) = delete;
  NcclConnection& operator=(const NcclConnection&) = delete;

  /// `call(ncclComm_t)` is one call of NCCL; returns when it has really been enqueued. Throws Error, also for
  /// what failed since the last call.
  template <class Call>
  void call(const char* what, Call&& call) {
    const std::lock_guard lock(mutex_);
    throw_if_failed();
    settle(what, call(comm_));
  }
  /// The same for clearing up: says false where the communicator is gone.
  template <class Call>
  bool try_call(Call&& call) noexcept {
    const std::lock_guard lock(mutex_);
    return comm_ != nullptr && wait_until_settled(call(comm_)) == ncclSuccess;
  }

  /// Whether an exception that began after this object is on its way: then the other ranks may never come.
  bool unwinding() const noexcept { return std::uncaught_exceptions() > exceptions_; }
  /// Throws what the thread found.
  void check_alive() {
    const std::lock_guard lock(mutex_);
    throw_if_failed();
  }

 private:
  void connect(Communicator& host);
  ncclResult_t wait_until_settled(ncclResult_t result) const noexcept;
  void settle(const char* what, ncclResult_t result);
  void throw_if_failed() const;
  void abort(std::string reason) noexcept;
  void look_for_errors(const std::stop_token& stop);

  OperationLog& log_;
  int exceptions_;
  std::mutex mutex_;  ///< of comm_ and failure_; held while a call of the rank's thread settles
  ncclComm_t comm_ = nullptr;
  std::string failure_;
  std::condition_variable_any wake_;
  std::jthread thread_;  ///< last: it uses all of the above
};

}  // namespace tpscale::nccl
