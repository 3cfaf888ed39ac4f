#include "backend/cuda/cuda_memory.h"

#include <algorithm>
#include <string>

#include "backend/cuda/cuda_error.h"

namespace tpscale::cuda {
namespace {

std::string mebibytes(std::size_t bytes) {
  return std::to_string(bytes >> 20) + " MiB";
}

[[noreturn]] void throw_out_of_memory(std::size_t bytes, MemoryKind kind) {
  cudaGetLastError();
  std::size_t free = 0;
  std::size_t total = 0;
  if (cudaMemGetInfo(&free, &total) != cudaSuccess) cudaGetLastError();
  throw OutOfMemoryError(mebibytes(bytes) + " for " + std::string(to_string(kind)) +
                             " do not fit: " + mebibytes(free) + " of the device's " + mebibytes(total) +
                             " are free; use a smaller model or batch, or more ranks",
                         bytes, free);
}

}  // namespace

Buffer CudaMemory::allocate(std::size_t bytes, MemoryKind kind) {
  const std::size_t at_least_one = std::max<std::size_t>(bytes, 1);
  void* data = nullptr;
  const cudaError_t status = cudaMalloc(&data, at_least_one);
  if (status == cudaErrorMemoryAllocation) throw_out_of_memory(bytes, kind);
  check_cuda(status, "allocating device memory");
  tracker_.allocated(kind, bytes);
  Buffer buffer(*this, data, bytes, kind);
  check_cuda(cudaMemsetAsync(data, 0, at_least_one, stream_), "zeroing device memory");
  return buffer;
}

void CudaMemory::release(void* data, std::size_t bytes, MemoryKind kind) noexcept {
  cudaFree(data);  // an error here is an earlier one's, or the device is gone: nobody could act on it
  tracker_.freed(kind, bytes);
}

}  // namespace tpscale::cuda
