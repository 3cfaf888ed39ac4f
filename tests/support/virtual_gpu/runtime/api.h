#pragma once
#include <cuda_runtime_api.h>

#include "support/virtual_gpu/runtime/capture.h"
#include "support/virtual_gpu/runtime/machine.h"
#include "support/virtual_gpu/runtime/scheduler.h"

namespace tpscale::virtual_gpu {

enum class DuringCapture { kAllowed, kForbidden };

/// Keeps an error for cudaGetLastError.
inline cudaError_t remember(cudaError_t error) {
  if (error != cudaSuccess) host_thread().last_error = error;
  return error;
}

/// What every call of the runtime does first: the fault that was ordered, the error of a device that is
/// broken, the capture that forbids it. Then body(lock).
template <class Body>
cudaError_t call(const char* name, DuringCapture during_capture, Body&& body) {
  if (const int fault = injected_fault(name); fault != 0) return remember(static_cast<cudaError_t>(fault));
  if (device_count() == 0) return remember(cudaErrorNoDevice);
  Lock lock(machine().mutex);
  const cudaError_t broken = machine().devices[static_cast<std::size_t>(host_thread().device)].broken;
  if (broken != cudaSuccess) return remember(broken);
  if (during_capture == DuringCapture::kForbidden && unsafe_calls_forbidden()) {
    invalidate_captures();
    return remember(cudaErrorStreamCaptureUnsupported);
  }
  const cudaError_t error = body(lock);
  if (error != cudaSuccess) return remember(error);
  return remember(machine().devices[static_cast<std::size_t>(host_thread().device)].broken);
}

}  // namespace tpscale::virtual_gpu
