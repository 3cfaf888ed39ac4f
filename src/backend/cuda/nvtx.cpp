#include "backend/cuda/nvtx.h"

#include <nvtx3/nvToolsExt.h>

namespace tpscale::cuda {

void nvtx_push(const char* name) noexcept {
  nvtxRangePushA(name);
}

void nvtx_pop() noexcept {
  nvtxRangePop();
}

}  // namespace tpscale::cuda
