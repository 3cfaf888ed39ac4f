#include "backend/cuda/cuda_stream.h"

#include "backend/cuda/cuda_error.h"

namespace tpscale::cuda {

CudaStream::CudaStream() {
  check_cuda(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "making a stream");
}

CudaStream::~CudaStream() {
  cudaStreamDestroy(stream_);
}

void CudaStream::synchronize() {
  check_cuda(observed([this] { return cudaStreamSynchronize(stream_); }), "waiting for the device");
}

void CudaStream::wait_for(cudaEvent_t event) {
  check_cuda(observed([event] { return cudaEventSynchronize(event); }), "waiting for the device");
}

}  // namespace tpscale::cuda
