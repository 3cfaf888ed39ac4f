#include "backend/cuda/cuda_fetch.h"

#include <utility>

#include "core/check.h"

namespace tpscale::cuda {

CudaFetch::CudaFetch(CudaStream& stream, std::shared_ptr<std::byte[]> memory, std::size_t capacity)
    : stream_(stream), memory_(std::move(memory)), capacity_(capacity) {}

void CudaFetch::start(const void* device, std::size_t bytes) {
  check(bytes <= capacity_, "a fetch of more bytes than it was made for");
  if (bytes > 0) {
    check_cuda(cudaMemcpyAsync(memory_.get(), device, bytes, cudaMemcpyDeviceToHost, stream_.get()),
               "copying from the device");
  }
  arrived_.record(stream_.get());
}

bool CudaFetch::ready() {
  const cudaError_t status = cudaEventQuery(arrived_.get());
  if (status == cudaErrorNotReady) {
    cudaGetLastError();
    return false;
  }
  check_cuda(status, "asking whether a copy has arrived");
  return true;
}

void CudaFetch::wait() {
  stream_.wait_for(arrived_.get());
}

}  // namespace tpscale::cuda
