#include "backend/cuda/pinned_memory.h"

#include <cuda_runtime_api.h>

#include <algorithm>

#include "backend/cuda/cuda_error.h"

namespace tpscale::cuda {

std::shared_ptr<std::byte[]> PinnedMemory::allocate(std::size_t bytes) {
  void* data = nullptr;
  const cudaError_t status = cudaHostAlloc(&data, std::max<std::size_t>(bytes, 1), cudaHostAllocPortable);
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    throw OutOfMemoryError(std::to_string(bytes >> 20) +
                               " MiB of pinned host memory cannot be had: free memory of the host or raise "
                               "its limit of locked memory (ulimit -l)",
                           bytes, 0);
  }
  check_cuda(status, "allocating pinned host memory");
  auto* bytes_at = static_cast<std::byte*>(data);
  const auto give_back = [ranges = ranges_](std::byte* gone) {
    {
      const std::lock_guard lock(ranges->mutex);
      ranges->sizes.erase(gone);
    }
    cudaFreeHost(gone);
  };
  std::shared_ptr<std::byte[]> memory(bytes_at, give_back);
  const std::lock_guard lock(ranges_->mutex);
  ranges_->sizes[bytes_at] = bytes;
  return memory;
}

bool PinnedMemory::holds(const void* data, std::size_t bytes) const {
  const auto* address = static_cast<const std::byte*>(data);
  const std::lock_guard lock(ranges_->mutex);
  auto range = ranges_->sizes.upper_bound(address);
  if (range == ranges_->sizes.begin()) return false;
  --range;
  return address + bytes <= range->first + range->second;
}

}  // namespace tpscale::cuda
