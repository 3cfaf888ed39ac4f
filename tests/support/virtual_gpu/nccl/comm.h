#pragma once
#include <nccl.h>

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "support/virtual_gpu/nccl/member.h"

/// A communicator. One that does not block says ncclInProgress of a call that has not ended; that lies in
/// `pending`, ncclCommGetAsyncError looks at it, and any other call before its end is an error (manual:
/// "Fault Tolerance", and ncclCommGetAsyncError in "Communicator Creation and Management Functions").
struct ncclComm {
  ncclResult_t begin(std::function<ncclResult_t()> operation);  ///< waits where the communicator is blocking
  ncclResult_t look(ncclResult_t& state);
  ncclResult_t ready();  ///< ncclSuccess where a call may be made

  std::shared_ptr<tpscale::virtual_gpu::Member> member;
  bool blocking = true;
  bool finalized = false;
  std::recursive_mutex mutex;
  std::function<ncclResult_t()> pending;
  std::set<std::string, std::less<>> connected;  ///< kinds of collectives used before
};

/// What ncclCommWindowRegister gives.
struct ncclWindow_vidmem {
  const std::byte* start = nullptr;
};

namespace tpscale::virtual_gpu {

int nccl_version();           ///< VIRTUAL_NCCL_VERSION, else that of the header
bool has_symmetric_memory();  ///< VIRTUAL_NCCL_SYMMETRIC=0: no
ncclResult_t fail_call(ncclResult_t result, std::string reason);  ///< remembers it for ncclGetLastError(NULL)
std::string last_failure();

}  // namespace tpscale::virtual_gpu
