#pragma once
#include <cuda_runtime_api.h>

#include <string>

#include "core/error.h"

namespace tpscale::cuda {

/// A call of the CUDA runtime that failed. `what` says what was asked for; a device that was lost stays lost,
/// so the process should end.
inline void check_cuda(cudaError_t status, const char* what) {
  if (status == cudaSuccess) return;
  throw Error(ExitCode::kFailure, std::string(what) + " failed: " + cudaGetErrorString(status) + " (" +
                                      cudaGetErrorName(status) + ")");
}

}  // namespace tpscale::cuda
