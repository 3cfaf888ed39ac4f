#include <cuda_runtime_api.h>
#include <nccl.h>

#include <memory>

#include "support/virtual_gpu/nccl/comm.h"
#include "support/virtual_gpu/stand_in.h"

namespace vg = tpscale::virtual_gpu;

extern "C" {

/// nccl.h: the size "might be larger than requested due to granularity requirement".
ncclResult_t ncclMemAlloc(void** out, size_t bytes) {
  if (const int code = vg::injected_fault("ncclMemAlloc")) return static_cast<ncclResult_t>(code);
  constexpr std::size_t kPage = NCCL_WIN_REQUIRED_ALIGNMENT;
  if (cudaMalloc(out, (bytes + kPage - 1) / kPage * kPage) == cudaSuccess) return ncclSuccess;
  *out = nullptr;
  return vg::fail_call(ncclUnhandledCudaError, "cudaMalloc failed");
}

ncclResult_t ncclMemFree(void* data) {
  return cudaFree(data) == cudaSuccess ? ncclSuccess : ncclUnhandledCudaError;
}

/// Manual, "Window Registration": collective, and of the same size on all ranks. The window is NULL where the
/// system has no symmetric memory.
ncclResult_t ncclCommWindowRegister(ncclComm_t comm, void* data, size_t bytes, ncclWindow_t* window,
                                    int /*flags*/) {
  if (const int code = vg::injected_fault("ncclCommWindowRegister"))
    return vg::fail_call(static_cast<ncclResult_t>(code), "injected by the test");
  if (const ncclResult_t result = comm->ready()) return result;
  *window = nullptr;
  std::uint32_t number = 0;
  {
    const std::lock_guard lock(comm->member->mutex);
    number = ++comm->member->windows_said;
  }
  comm->member->meeting->say_window(number, bytes);
  return comm->begin([member = comm->member, data, bytes, window, number] {
    const vg::Meeting& meeting = *member->meeting;
    if (!meeting.all_said_window(number)) return ncclInProgress;
    for (int r = 0; r < meeting.ranks(); ++r) {
      if (meeting.window_bytes(r, number) != bytes)
        return vg::fail_call(ncclInvalidArgument, "the ranks register windows of different sizes");
    }
    if (!vg::has_symmetric_memory()) return ncclSuccess;
    const std::lock_guard lock(member->mutex);
    const auto* start = static_cast<const std::byte*>(data);
    member->windows[start] = {bytes, number};
    *window = std::make_unique<ncclWindow_vidmem>(start).release();
    return ncclSuccess;
  });
}

ncclResult_t ncclCommWindowDeregister(ncclComm_t comm, ncclWindow_t window) {
  if (const ncclResult_t result = comm->ready()) return result;
  const std::lock_guard lock(comm->member->mutex);
  comm->member->windows.erase(window->start);
  delete window;
  return ncclSuccess;
}

}  // extern "C"
