#include "support/virtual_gpu/runtime/api.h"
#include "support/virtual_gpu/runtime/device_facts.h"
#include "support/virtual_gpu/runtime/kernel.h"
#include "virtual_gpu/launch.h"

// CUDA Runtime API, "Execution Control" and "Occupancy".
namespace tpscale::virtual_gpu {
namespace {

/// cudaErrorInvalidConfiguration: "requesting resources that can never be satisfied by the current device".
bool possible(const cudaLaunchConfig_t& config) {
  const dim3& grid = config.gridDim;
  const dim3& block = config.blockDim;
  const std::uint64_t threads = std::uint64_t{block.x} * block.y * block.z;
  return threads > 0 && threads <= kThreadsPerBlock && block.z <= 64 && grid.x > 0 && grid.y > 0 &&
         grid.z > 0 && grid.x <= 2147483647U && grid.y <= 65535 && grid.z <= 65535;
}

void check_pointers(const void* function, const std::vector<const void*>& pointers, int device) {
  for (std::size_t which = 0; which < pointers.size(); ++which) {
    const void* pointer = pointers[which];
    if (pointer == nullptr || machine().is_pinned(pointer, 0)) continue;
    const auto allocation = machine().find(pointer);
    if (allocation && allocation->device == device) continue;
    char address[32];
    std::snprintf(address, sizeof address, "%p", pointer);
    report_bug("pointer argument " + std::to_string(which + 1) + " of " + function_name(function) + ", " +
               address + (allocation ? ", is memory of another device" : ", is not allocated device memory"));
  }
}

}  // namespace

cudaError_t launch_kernel(const cudaLaunchConfig_t& config, const void* function,
                          const std::vector<const void*>& pointers, std::function<void()> body) {
  return call("cudaLaunchKernelExC", DuringCapture::kAllowed, [&](Lock& lock) {
    CUstream_st* stream = find_stream(config.stream);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    if (!possible(config)) return cudaErrorInvalidConfiguration;
    const auto asked = machine().shared_bytes_allowed.find(function);
    const int allowed =
        asked == machine().shared_bytes_allowed.end() ? kSharedBytesWithoutAsking : asked->second;
    if (config.dynamicSmemBytes > static_cast<std::size_t>(allowed)) return cudaErrorInvalidValue;
    check_pointers(function, pointers, stream->device);
    Kernel kernel{function, config.gridDim, config.blockDim, config.dynamicSmemBytes, std::move(body)};
    return submit(lock, *stream,
                  {"kernel", "a kernel", once([kernel = std::move(kernel)] { run_kernel(kernel); }), {}, {}});
  });
}

}  // namespace tpscale::virtual_gpu

using namespace tpscale::virtual_gpu;

extern "C" {

cudaError_t cudaFuncSetAttribute(const void* function, cudaFuncAttribute attribute, int value) {
  return call("cudaFuncSetAttribute", DuringCapture::kAllowed, [&](Lock&) {
    if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaSuccess;
    if (value < 0 || value > kSharedBytesPerBlock) return cudaErrorInvalidValue;
    machine().shared_bytes_allowed[function] = value;
    return cudaSuccess;
  });
}

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void* function) {
  return call("cudaFuncGetAttributes", DuringCapture::kAllowed, [&](Lock&) {
    *attributes = {};
    attributes->maxThreadsPerBlock = kThreadsPerBlock;
    attributes->numRegs = 64;
    attributes->ptxVersion = attributes->binaryVersion =
        compute_capability().major * 10 + compute_capability().minor;
    const auto asked = machine().shared_bytes_allowed.find(function);
    attributes->maxDynamicSharedSizeBytes =
        asked == machine().shared_bytes_allowed.end() ? kSharedBytesWithoutAsking : asked->second;
    return cudaSuccess;
  });
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void*, int block_size,
                                                          std::size_t shared_bytes) {
  return call("cudaOccupancyMaxActiveBlocksPerMultiprocessor", DuringCapture::kAllowed, [&](Lock&) {
    if (block_size <= 0 || block_size > kThreadsPerBlock) return cudaErrorInvalidValue;
    *blocks = std::min(32, kThreadsPerMultiprocessor / block_size);
    const auto shared = static_cast<int>(shared_bytes);
    if (shared > 0) *blocks = std::min(*blocks, kSharedBytesPerMultiprocessor / (shared + 1024));
    return cudaSuccess;
  });
}

}  // extern "C"
