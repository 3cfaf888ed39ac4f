#pragma once
#include <cstddef>
#include <memory>
#include <vector>

#include "backend/cuda/cuda_event.h"
#include "backend/cuda/cuda_stream.h"
#include "backend/cuda/pinned_memory.h"

namespace tpscale::cuda {

/// A ring of pinned host memory between pageable memory and the device, so that a caller's memory is free
/// again at once and the copy is still asynchronous. The host waits only when it is a whole ring ahead.
class PinnedStaging {
 public:
  PinnedStaging(CudaStream& stream, PinnedMemory& memory);

  static constexpr std::size_t kSegmentBytes = std::size_t{4} << 20;
  /// Room for at most kSegmentBytes, of use until the next call has been made and the copies enqueued before
  /// that call have run: fill it, enqueue the copy from it, then forget it.
  std::byte* reserve(std::size_t bytes);

  void upload(void* device, const void* host, std::size_t bytes);
  void download(void* host, const void* device, std::size_t bytes);  ///< waits

 private:
  struct Segment {
    std::shared_ptr<std::byte[]> memory;
    CudaEvent passed{cudaEventDisableTiming};  ///< the copies from this segment have run
    bool recorded = false;
  };

  CudaStream& stream_;
  PinnedMemory& memory_;
  std::vector<Segment> segments_;  ///< grows to kSegments, then goes round
  std::size_t current_ = 0;
  std::size_t used_ = kSegmentBytes;  ///< bytes of the current segment
};

}  // namespace tpscale::cuda
