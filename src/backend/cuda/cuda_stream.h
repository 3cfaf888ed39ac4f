#pragma once
#include <cuda_runtime_api.h>

#include "core/stream.h"

namespace tpscale::cuda {

/// The one compute stream of a backend; does not wait for the legacy default stream.
class CudaStream final : public Stream {
 public:
  CudaStream();
  ~CudaStream() override;
  CudaStream(const CudaStream&) = delete;
  CudaStream& operator=(const CudaStream&) = delete;

  void synchronize() override;
  void* native() const noexcept override { return stream_; }
  cudaStream_t get() const noexcept { return stream_; }

  /// Waits until the device has reached `event`, which was recorded here.
  void wait_for(cudaEvent_t event);

 private:
  cudaStream_t stream_ = nullptr;
};

}  // namespace tpscale::cuda
