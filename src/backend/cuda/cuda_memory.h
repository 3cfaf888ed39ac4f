#pragma once
#include <cuda_runtime_api.h>

#include "core/buffer.h"
#include "core/memory.h"

namespace tpscale::cuda {

/// Device memory of one backend: cudaMalloc, counted. Outlives every Buffer it made.
class CudaMemory final : public BufferSource {
 public:
  explicit CudaMemory(cudaStream_t stream) : stream_(stream) {}

  /// Zeroed in stream order. Throws OutOfMemoryError with what was asked for and what is free.
  Buffer allocate(std::size_t bytes, MemoryKind kind);
  void release(void* data, std::size_t bytes, MemoryKind kind) noexcept override;
  MemoryTracker& tracker() noexcept { return tracker_; }
  const MemoryTracker& tracker() const noexcept { return tracker_; }

 private:
  cudaStream_t stream_;
  MemoryTracker tracker_;
};

}  // namespace tpscale::cuda
