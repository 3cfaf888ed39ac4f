#include "parallel/nccl/nccl_connection.h"

#include <chrono>
#include <utility>

#include "parallel/nccl/nccl_result.h"

namespace tpscale::nccl {
namespace {

/// Rare enough to disturb no measurement, often enough that an error is found before anyone wonders.
constexpr std::chrono::milliseconds kBetweenLooks{20};

struct Invitation {
  ncclResult_t result = ncclSuccess;
  ncclUniqueId id{};
};

}  // namespace

NcclConnection::NcclConnection(Communicator& host, OperationLog& log)
    : log_(log), exceptions_(std::uncaught_exceptions()) {
  connect(host);
  thread_ = std::jthread([this](const std::stop_token& stop) { look_for_errors(stop); });
}

void NcclConnection::connect(Communicator& host) {
  Invitation invitation;
  if (host.rank() == 0) invitation.result = ncclGetUniqueId(&invitation.id);
  host.broadcast_host(std::as_writable_bytes(std::span(&invitation, 1)), 0);
  require(invitation.result, "ncclGetUniqueId");

  const auto scope = log_.begin(Operation::kConnect, 0);
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  ncclResult_t result = ncclCommInitRankConfig(&comm_, host.size(), invitation.id, host.rank(), &config);
  result = wait_until_settled(result);
  if (result == ncclSuccess) return;
  const std::string reason = sentence_of(result, "making the communicator of NCCL", comm_);
  abort(reason);
  throw Error(ExitCode::kFailure, reason);
}

NcclConnection::~NcclConnection() {
  thread_.request_stop();
  thread_.join();
  if (unwinding()) abort("an error elsewhere");
  if (comm_ == nullptr) return;
  const auto scope = log_.begin(Operation::kFinalize, 0);
  if (wait_until_settled(ncclCommFinalize(comm_)) == ncclSuccess) {
    ncclCommDestroy(comm_);
  } else {
    abort("ncclCommFinalize failed");
  }
}

/// A non-blocking communicator says ncclInProgress and must not be used again before it says how that ended.
ncclResult_t NcclConnection::wait_until_settled(ncclResult_t result) const noexcept {
  while (result == ncclInProgress) {
    std::this_thread::yield();
    if (const ncclResult_t asked = ncclCommGetAsyncError(comm_, &result); asked != ncclSuccess) return asked;
  }
  return result;
}

void NcclConnection::settle(const char* what, ncclResult_t result) {
  result = wait_until_settled(result);
  if (result == ncclSuccess) return;
  abort(sentence_of(result, what, comm_));
  throw_if_failed();
}

void NcclConnection::throw_if_failed() const {
  if (comm_ == nullptr) throw Error(ExitCode::kFailure, failure_);
}

void NcclConnection::abort(std::string reason) noexcept {
  failure_ = std::move(reason);
  if (comm_ != nullptr) ncclCommAbort(std::exchange(comm_, nullptr));
}

void NcclConnection::look_for_errors(const std::stop_token& stop) {
  std::mutex mutex;  // nobody wakes this thread but its end
  std::unique_lock sleeping(mutex);
  while (!stop.stop_requested()) {
    wake_.wait_for(sleeping, stop, kBetweenLooks, [] { return false; });
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock.owns_lock() || comm_ == nullptr) continue;  // the rank's own thread is looking
    ncclResult_t state = ncclSuccess;
    if (ncclCommGetAsyncError(comm_, &state) != ncclSuccess) continue;
    if (state != ncclSuccess && state != ncclInProgress)
      abort(sentence_of(state, "a collective of NCCL", comm_));
  }
}

}  // namespace tpscale::nccl
