#include "support/virtual_gpu/runtime/api.h"
#include "support/virtual_gpu/runtime/copy.h"

// CUDA Runtime API, "Memory Management": copies and fills.
using namespace tpscale::virtual_gpu;

extern "C" {

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  return copy(stream, to, from, {bytes, 1, bytes, bytes}, kind, true, "cudaMemcpyAsync");
}

cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  return copy(nullptr, to, from, {bytes, 1, bytes, bytes}, kind, false, "cudaMemcpy");
}

cudaError_t cudaMemcpy2DAsync(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch,
                              std::size_t width, std::size_t height, cudaMemcpyKind kind,
                              cudaStream_t stream) {
  if (width > to_pitch || width > from_pitch) return remember(cudaErrorInvalidPitchValue);
  return copy(stream, to, from, {width, height, to_pitch, from_pitch}, kind, true, "cudaMemcpy2DAsync");
}

cudaError_t cudaMemcpy2D(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch,
                         std::size_t width, std::size_t height, cudaMemcpyKind kind) {
  if (width > to_pitch || width > from_pitch) return remember(cudaErrorInvalidPitchValue);
  return copy(nullptr, to, from, {width, height, to_pitch, from_pitch}, kind, false, "cudaMemcpy2D");
}

cudaError_t cudaMemcpyPeerAsync(void* to, int, const void* from, int, std::size_t bytes,
                                cudaStream_t stream) {
  return copy(stream, to, from, {bytes, 1, bytes, bytes}, cudaMemcpyDeviceToDevice, true,
              "cudaMemcpyPeerAsync");
}

cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t stream) {
  return set_memory(stream, to, value, bytes, bytes, 1, "cudaMemsetAsync");
}

cudaError_t cudaMemset(void* to, int value, std::size_t bytes) {
  return set_memory(nullptr, to, value, bytes, bytes, 1, "cudaMemset");
}

cudaError_t cudaMemset2DAsync(void* to, std::size_t pitch, int value, std::size_t width, std::size_t height,
                              cudaStream_t stream) {
  return set_memory(stream, to, value, pitch, width, height, "cudaMemset2DAsync");
}

}  // extern "C"
