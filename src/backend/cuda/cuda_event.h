#pragma once
#include <cuda_runtime_api.h>

#include <utility>

#include "backend/cuda/cuda_error.h"

namespace tpscale::cuda {

/// A mark in a stream's order. `flags`: cudaEventDisableTiming where nobody reads the clock.
class CudaEvent {
 public:
  explicit CudaEvent(unsigned flags) {
    check_cuda(cudaEventCreateWithFlags(&event_, flags), "making an event");
  }
  ~CudaEvent() {
    if (event_ != nullptr) cudaEventDestroy(event_);
  }
  CudaEvent(CudaEvent&& other) noexcept : event_(std::exchange(other.event_, nullptr)) {}
  CudaEvent& operator=(CudaEvent&& other) noexcept {
    std::swap(event_, other.event_);
    return *this;
  }
  CudaEvent(const CudaEvent&) = delete;
  CudaEvent& operator=(const CudaEvent&) = delete;

  cudaEvent_t get() const noexcept { return event_; }
  void record(cudaStream_t stream) { check_cuda(cudaEventRecord(event_, stream), "marking a stream"); }

 private:
  cudaEvent_t event_ = nullptr;
};

/// Seconds on the device between two recorded events that have both passed.
inline double seconds_between(const CudaEvent& begin, const CudaEvent& end) {
  float milliseconds = 0.0F;
  check_cuda(cudaEventElapsedTime(&milliseconds, begin.get(), end.get()), "reading an event's clock");
  return static_cast<double>(milliseconds) * 1e-3;
}

}  // namespace tpscale::cuda
