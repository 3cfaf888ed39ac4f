#pragma once
#include <cuda_runtime_api.h>

#include <cstddef>

namespace tpscale::cuda {

/// One batch of copies, as far as it is the same for every toolkit.
struct CopyBatch {
  void** to;
  const void** from;
  std::size_t* sizes;
  std::size_t count;
  cudaMemcpyAttributes* attributes;  ///< one for all copies
};

/// cudaMemcpyBatchAsync as CUDA 13 has it.
inline cudaError_t enqueue_batch(cudaError_t (*call)(void* const*, const void* const*, const std::size_t*,
                                                     std::size_t, cudaMemcpyAttributes*, std::size_t*,
                                                     std::size_t, cudaStream_t),
                                 const CopyBatch& batch, cudaStream_t stream) {
  std::size_t first = 0;
  return call(batch.to, batch.from, batch.sizes, batch.count, batch.attributes, &first, 1, stream);
}

/// The same as CUDA 12.8 has it: sources are not const, and the place of a bad copy comes back.
inline cudaError_t enqueue_batch(cudaError_t (*call)(void**, void**, std::size_t*, std::size_t,
                                                     cudaMemcpyAttributes*, std::size_t*, std::size_t,
                                                     std::size_t*, cudaStream_t),
                                 const CopyBatch& batch, cudaStream_t stream) {
  std::size_t first = 0;
  std::size_t failed = 0;
  return call(batch.to, const_cast<void**>(batch.from), batch.sizes, batch.count, batch.attributes, &first, 1,
              &failed, stream);
}

}  // namespace tpscale::cuda
