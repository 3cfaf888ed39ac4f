#include <nccl.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <utility>

#include "support/virtual_gpu/nccl/comm.h"
#include "support/virtual_gpu/stand_in.h"

namespace vg = tpscale::virtual_gpu;

namespace {

bool may_share_devices() {
  const char* text = std::getenv("NCCL_MULTI_RANK_GPU_ENABLE");
  return vg::nccl_version() >= 23000 && text != nullptr && std::string_view(text) == "1";
}

/// Manual, "Creating a Communicator": the same device as two ranks of a communicator is not supported; the
/// library finds it when the ranks have met, and says ncclInvalidUsage. From 2.30 on it can be allowed.
ncclResult_t meet(const vg::Meeting& meeting) {
  if (!meeting.all_there()) return ncclInProgress;
  const std::string own = meeting.device_of(meeting.rank());
  for (int r = 0; r < meeting.ranks(); ++r) {
    if (r == meeting.rank() || meeting.device_of(r) != own || may_share_devices()) continue;
    return vg::fail_call(ncclInvalidUsage, "duplicate GPU: ranks " + std::to_string(meeting.rank()) +
                                               " and " + std::to_string(r) + " are both on " + own);
  }
  return ncclSuccess;
}

/// 0, or the error the caller was told to return.
ncclResult_t injected(const char* call) {
  const int code = vg::injected_fault(call);
  return code == 0 ? ncclSuccess : vg::fail_call(static_cast<ncclResult_t>(code), "injected by the test");
}

}  // namespace

extern "C" {

ncclResult_t ncclGetVersion(int* version) {
  if (const ncclResult_t fault = injected("ncclGetVersion")) return fault;
  *version = vg::nccl_version();
  return ncclSuccess;
}

ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  if (const ncclResult_t fault = injected("ncclGetUniqueId")) return fault;
  *id = vg::Meeting::invite();
  return ncclSuccess;
}

ncclResult_t ncclCommInitRankConfig(ncclComm_t* out, int ranks, ncclUniqueId id, int rank,
                                    ncclConfig_t* config) {
  if (const ncclResult_t fault = injected("ncclCommInitRankConfig")) return fault;
  if (config == nullptr || config->magic != 0xcafebeef)
    return vg::fail_call(ncclInvalidArgument, "the config was not made by NCCL_CONFIG_INITIALIZER");
  if (ranks < 1 || ranks > vg::Meeting::kMaxRanks || rank < 0 || rank >= ranks)
    return vg::fail_call(ncclInvalidArgument, "no such rank");
  auto meeting = vg::Meeting::join(id, rank, ranks, vg::device_uuid(vg::current_device()));
  if (!meeting) return vg::fail_call(ncclSystemError, "nobody is to be found by this unique id");
  auto comm = std::make_unique<ncclComm>();
  comm->member = std::make_shared<vg::Member>(std::move(meeting));
  comm->blocking = config->blocking != 0;
  *out = comm.release();
  return (*out)->begin([member = (*out)->member] { return meet(*member->meeting); });
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t* state) {
  if (const ncclResult_t fault = injected("ncclCommGetAsyncError")) return fault;
  return comm->look(*state);
}

ncclResult_t ncclCommFinalize(ncclComm_t comm) {
  if (const ncclResult_t fault = injected("ncclCommFinalize")) return fault;
  if (const ncclResult_t result = comm->ready()) return result;
  comm->finalized = true;
  return comm->begin([member = comm->member] {  // nccl.h: done when "globally quiescent"
    if (member->queued.load() > 0) return ncclInProgress;
    member->meeting->leave();
    return member->meeting->all_left() ? ncclSuccess : ncclInProgress;
  });
}

ncclResult_t ncclCommDestroy(ncclComm_t comm) {
  if (const ncclResult_t fault = injected("ncclCommDestroy")) return fault;
  if (comm->member->queued.load() > 0)
    vg::report_bug("ncclCommDestroy while collectives of the communicator are queued");
  delete comm;
  return ncclSuccess;
}

/// nccl.h: it "aborts any operations that might still be running on the device": they end, here. The other
/// ranks hear nothing of it.
ncclResult_t ncclCommAbort(ncclComm_t comm) {
  if (const ncclResult_t fault = injected("ncclCommAbort")) return fault;
  comm->member->aborted.store(true);
  delete comm;
  return ncclSuccess;
}

const char* ncclGetErrorString(ncclResult_t result) {
  static constexpr std::array kTexts{"no error",
                                     "unhandled cuda error",
                                     "unhandled system error",
                                     "internal error",
                                     "invalid argument",
                                     "invalid usage",
                                     "remote process exited or there was a network error",
                                     "NCCL operation in progress"};
  const auto index = static_cast<std::size_t>(result);
  return index < kTexts.size() ? kTexts.at(index) : "unknown result code";
}

const char* ncclGetLastError(ncclComm_t comm) {
  thread_local std::string text;
  text = comm != nullptr && comm->member->error.load() != ncclSuccess ? comm->member->reason()
                                                                      : vg::last_failure();
  return text.c_str();
}

}  // extern "C"
