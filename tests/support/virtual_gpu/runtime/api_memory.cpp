#include <cstdlib>
#include <cstring>

#include "support/virtual_gpu/runtime/api.h"

// CUDA Runtime API, "Memory Management": allocations.
using namespace tpscale::virtual_gpu;

extern "C" {

cudaError_t cudaMalloc(void** pointer, std::size_t bytes) {
  return call("cudaMalloc", DuringCapture::kForbidden, [&](Lock&) {
    *pointer = nullptr;
    if (bytes == 0) return cudaSuccess;
    *pointer = machine().memory(host_thread().device).allocate(bytes);
    return *pointer == nullptr ? cudaErrorMemoryAllocation : cudaSuccess;
  });
}

cudaError_t cudaFree(void* pointer) {
  return call("cudaFree", DuringCapture::kForbidden, [&](Lock& lock) {
    if (pointer == nullptr) return cudaSuccess;
    const auto allocation = machine().find(pointer);
    if (!allocation || allocation->begin != pointer)
      return cudaErrorInvalidValue;  // as after a second cudaFree
    // "this API may perform implicit synchronization": real ones do.
    run_device(lock, allocation->device);
    machine().memory(allocation->device).release(pointer);
    return cudaSuccess;
  });
}

// CUDA Runtime API, "Stream Ordered Memory Allocator". The memory is there at once; it goes in stream order.
cudaError_t cudaMallocAsync(void** pointer, std::size_t bytes, cudaStream_t handle) {
  return call("cudaMallocAsync", DuringCapture::kAllowed, [&](Lock&) {
    CUstream_st* stream = find_stream(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    if (stream->capture != nullptr)
      return cudaErrorStreamCaptureUnsupported;  // memory nodes are not emulated
    *pointer = machine().memory(stream->device).allocate(bytes);
    return *pointer == nullptr ? cudaErrorMemoryAllocation : cudaSuccess;
  });
}

cudaError_t cudaFreeAsync(void* pointer, cudaStream_t handle) {
  return call("cudaFreeAsync", DuringCapture::kAllowed, [&](Lock& lock) {
    CUstream_st* stream = find_stream(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    if (stream->capture != nullptr) return cudaErrorStreamCaptureUnsupported;
    const auto allocation = machine().find(pointer);
    if (!allocation || allocation->begin != pointer) return cudaErrorInvalidValue;
    const auto free = [pointer, device = allocation->device] {
      const Lock inner(machine().mutex);
      machine().memory(device).release(pointer);
    };
    return submit(lock, *stream, {"work", "cudaFreeAsync", once(free), {}, {}});
  });
}

cudaError_t cudaHostAlloc(void** pointer, std::size_t bytes, unsigned) {
  return call("cudaHostAlloc", DuringCapture::kForbidden, [&](Lock&) {
    *pointer = nullptr;
    if (posix_memalign(pointer, 4096, bytes) != 0) return cudaErrorMemoryAllocation;
    std::memset(*pointer, 0xFF, bytes);
    machine().pinned[static_cast<std::byte*>(*pointer)] = {bytes, true};
    return cudaSuccess;
  });
}

cudaError_t cudaMallocHost(void** pointer, std::size_t bytes) {
  if (const int fault = injected_fault("cudaMallocHost"); fault != 0)
    return remember(static_cast<cudaError_t>(fault));
  return cudaHostAlloc(pointer, bytes, cudaHostAllocDefault);
}

cudaError_t cudaFreeHost(void* pointer) {
  return call("cudaFreeHost", DuringCapture::kForbidden, [&](Lock&) {
    if (pointer == nullptr) return cudaSuccess;
    const auto range = machine().pinned.find(static_cast<std::byte*>(pointer));
    if (range == machine().pinned.end() || !range->second.owned) return cudaErrorInvalidValue;
    machine().pinned.erase(range);
    std::free(pointer);  // NOLINT: a copy that still wants it is the bug that the sanitizer then shows
    return cudaSuccess;
  });
}

cudaError_t cudaHostRegister(void* pointer, std::size_t bytes, unsigned) {
  return call("cudaHostRegister", DuringCapture::kForbidden, [&](Lock&) {
    if (machine().is_pinned(pointer, 1)) return cudaErrorHostMemoryAlreadyRegistered;
    machine().pinned[static_cast<std::byte*>(pointer)] = {bytes, false};
    return cudaSuccess;
  });
}

cudaError_t cudaHostUnregister(void* pointer) {
  return call("cudaHostUnregister", DuringCapture::kForbidden, [&](Lock&) {
    const auto range = machine().pinned.find(static_cast<std::byte*>(pointer));
    if (range == machine().pinned.end() || range->second.owned) return cudaErrorHostMemoryNotRegistered;
    machine().pinned.erase(range);
    return cudaSuccess;
  });
}

cudaError_t cudaHostGetDevicePointer(void** device, void* host, unsigned) {
  return call("cudaHostGetDevicePointer", DuringCapture::kAllowed, [&](Lock&) {
    if (!machine().is_pinned(host, 1)) return cudaErrorInvalidValue;
    *device = host;  // unified addressing
    return cudaSuccess;
  });
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* pointer) {
  return call("cudaPointerGetAttributes", DuringCapture::kAllowed, [&](Lock&) {
    *attributes = {};
    attributes->device = -2;  // "cudaInvalidDeviceId" for memory that no device knows
    attributes->type = cudaMemoryTypeUnregistered;
    if (const auto allocation = machine().find(pointer)) {
      attributes->type = cudaMemoryTypeDevice;
      attributes->device = allocation->device;
      attributes->devicePointer = const_cast<void*>(pointer);
    } else if (machine().is_pinned(pointer, 1)) {
      attributes->type = cudaMemoryTypeHost;
      attributes->device = host_thread().device;
      attributes->devicePointer = attributes->hostPointer = const_cast<void*>(pointer);
    } else {
      attributes->hostPointer = const_cast<void*>(pointer);
    }
    return cudaSuccess;
  });
}

cudaError_t cudaMemGetInfo(std::size_t* free_bytes, std::size_t* total_bytes) {
  return call("cudaMemGetInfo", DuringCapture::kAllowed, [&](Lock&) {
    const Arena& memory = machine().memory(host_thread().device);
    *total_bytes = memory.bytes();
    *free_bytes = memory.bytes() - memory.in_use();
    return cudaSuccess;
  });
}

}  // extern "C"
