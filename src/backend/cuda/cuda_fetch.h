#pragma once
#include <memory>

#include "backend/cuda/cuda_event.h"
#include "backend/cuda/cuda_stream.h"
#include "backend/host_fetch.h"

namespace tpscale::cuda {

/// A copy into pinned memory with an event behind it.
class CudaFetch final : public HostFetch {
 public:
  CudaFetch(CudaStream& stream, std::shared_ptr<std::byte[]> memory, std::size_t capacity);

  void start(const void* device, std::size_t bytes) override;
  bool ready() override;
  void wait() override;
  const void* data() const noexcept override { return memory_.get(); }

 private:
  CudaStream& stream_;
  std::shared_ptr<std::byte[]> memory_;
  std::size_t capacity_;
  CudaEvent arrived_{cudaEventDisableTiming};
};

}  // namespace tpscale::cuda
