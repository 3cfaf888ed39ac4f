#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "support/virtual_gpu/runtime/api.h"
#include "support/virtual_gpu/runtime/device_facts.h"

// CUDA Runtime API, "Device Management" and "Version Management". The figures are those of compute capability
// 9.0 in the C++ programming guide's table of technical specifications, with few multiprocessors.
namespace tpscale::virtual_gpu {

ComputeCapability compute_capability() {
  ComputeCapability capability;
  const char* text = std::getenv("VIRTUAL_GPU_COMPUTE");
  if (text != nullptr) std::sscanf(text, "%d.%d", &capability.major, &capability.minor);
  return capability;
}

namespace {

bool exists(int device) {
  return device >= 0 && device < device_count();
}

int attribute(cudaDeviceAttr which, int device) {
  switch (which) {
    case cudaDevAttrMaxThreadsPerBlock:
    case cudaDevAttrMaxBlockDimX:
    case cudaDevAttrMaxBlockDimY:
      return kThreadsPerBlock;
    case cudaDevAttrMaxBlockDimZ:
      return 64;
    case cudaDevAttrMaxGridDimX:
      return 2147483647;
    case cudaDevAttrMaxGridDimY:
    case cudaDevAttrMaxGridDimZ:
      return 65535;
    case cudaDevAttrMaxSharedMemoryPerBlock:
      return kSharedBytesWithoutAsking;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      return kSharedBytesPerBlock;
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor:
      return kSharedBytesPerMultiprocessor;
    case cudaDevAttrReservedSharedMemoryPerBlock:
      return 1024;
    case cudaDevAttrWarpSize:
      return 32;
    case cudaDevAttrMultiProcessorCount:
      return kMultiprocessors;
    case cudaDevAttrMaxThreadsPerMultiProcessor:
      return kThreadsPerMultiprocessor;
    case cudaDevAttrMaxBlocksPerMultiprocessor:
      return 32;
    case cudaDevAttrMaxRegistersPerBlock:
    case cudaDevAttrMaxRegistersPerMultiprocessor:
      return 65536;
    case cudaDevAttrL2CacheSize:
      return kL2Bytes;
    case cudaDevAttrComputeCapabilityMajor:
      return compute_capability().major;
    case cudaDevAttrComputeCapabilityMinor:
      return compute_capability().minor;
    case cudaDevAttrPciBusId:
      return device + 1;
    case cudaDevAttrConcurrentKernels:
    case cudaDevAttrUnifiedAddressing:
    case cudaDevAttrStreamPrioritiesSupported:
    case cudaDevAttrCanMapHostMemory:
      return 1;
    case cudaDevAttrClockRate:
    case cudaDevAttrMemoryClockRate:
      return 1000;
    case cudaDevAttrGlobalMemoryBusWidth:
      return 64;
    default:
      return 0;
  }
}

}  // namespace
}  // namespace tpscale::virtual_gpu

using namespace tpscale::virtual_gpu;

extern "C" {

cudaError_t cudaGetDeviceCount(int* count) {
  if (const int fault = injected_fault("cudaGetDeviceCount"); fault != 0) {
    return remember(static_cast<cudaError_t>(fault));
  }
  *count = device_count();
  return remember(*count == 0 ? cudaErrorNoDevice : cudaSuccess);
}

cudaError_t cudaSetDevice(int device) {
  if (const int fault = injected_fault("cudaSetDevice"); fault != 0)
    return remember(static_cast<cudaError_t>(fault));
  if (device_count() == 0) return remember(cudaErrorNoDevice);
  if (!exists(device)) return remember(cudaErrorInvalidDevice);
  host_thread().device = device;
  return cudaSuccess;
}

cudaError_t cudaGetDevice(int* device) {
  if (device_count() == 0) return remember(cudaErrorNoDevice);
  *device = current_device();
  return cudaSuccess;
}

cudaError_t cudaInitDevice(int device, unsigned, unsigned) {
  return exists(device) ? cudaSuccess : remember(cudaErrorInvalidDevice);
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr which, int device) {
  if (const int fault = injected_fault("cudaDeviceGetAttribute"); fault != 0) {
    return remember(static_cast<cudaError_t>(fault));
  }
  if (!exists(device)) return remember(cudaErrorInvalidDevice);
  *value = attribute(which, device);
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (const int fault = injected_fault("cudaGetDeviceProperties"); fault != 0) {
    return remember(static_cast<cudaError_t>(fault));
  }
  if (!exists(device)) return remember(cudaErrorInvalidDevice);
  *properties = {};
  // A name that nobody can take for a GPU's.
  std::snprintf(properties->name, sizeof properties->name, "Virtual GPU");
  properties->uuid.bytes[15] = static_cast<char>(device);
  properties->totalGlobalMem = memory_bytes(device);
  properties->sharedMemPerBlock = kSharedBytesWithoutAsking;
  properties->sharedMemPerBlockOptin = kSharedBytesPerBlock;
  properties->sharedMemPerMultiprocessor = kSharedBytesPerMultiprocessor;
  properties->reservedSharedMemPerBlock = 1024;
  properties->regsPerBlock = properties->regsPerMultiprocessor = 65536;
  properties->warpSize = 32;
  properties->maxThreadsPerBlock = kThreadsPerBlock;
  properties->maxThreadsDim[0] = properties->maxThreadsDim[1] = kThreadsPerBlock;
  properties->maxThreadsDim[2] = 64;
  properties->maxGridSize[0] = 2147483647;
  properties->maxGridSize[1] = properties->maxGridSize[2] = 65535;
  properties->maxThreadsPerMultiProcessor = kThreadsPerMultiprocessor;
  properties->maxBlocksPerMultiProcessor = 32;
  properties->totalConstMem = 65536;
  properties->major = compute_capability().major;
  properties->minor = compute_capability().minor;
  properties->multiProcessorCount = kMultiprocessors;
  properties->l2CacheSize = kL2Bytes;
  properties->memoryBusWidth = 64;
  properties->pciBusID = device + 1;
  properties->unifiedAddressing = properties->concurrentKernels = properties->canMapHostMemory = 1;
  properties->streamPrioritiesSupported = 1;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetPCIBusId(char* text, int length, int device) {
  if (!exists(device)) return remember(cudaErrorInvalidDevice);
  std::snprintf(text, static_cast<std::size_t>(length), "0000:%02X:00.0", static_cast<unsigned>(device + 1));
  return cudaSuccess;
}

cudaError_t cudaDeviceCanAccessPeer(int* can, int device, int peer) {
  if (!exists(device) || !exists(peer)) return remember(cudaErrorInvalidDevice);
  *can = 0;
  return cudaSuccess;
}

cudaError_t cudaDeviceReset() {
  return cudaDeviceSynchronize();
}

cudaError_t cudaDriverGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}

cudaError_t cudaProfilerStart() {
  return cudaSuccess;
}
cudaError_t cudaProfilerStop() {
  return cudaSuccess;
}

}  // extern "C"
