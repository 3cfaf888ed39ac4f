#pragma once

namespace tpscale::cuda {

/// Ranges of the host's time as Nsight shows them; next to nothing where no profiler listens.
void nvtx_push(const char* name) noexcept;
void nvtx_pop() noexcept;

}  // namespace tpscale::cuda
