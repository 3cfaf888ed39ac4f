#pragma once
#include <driver_types.h>

#include <cstddef>
#include <string>

namespace tpscale::virtual_gpu {

/// Rows of `width` bytes, each `pitch` bytes behind the one before.
struct CopyShape {
  std::size_t width = 0;
  std::size_t height = 1;
  std::size_t to_pitch = 0;
  std::size_t from_pitch = 0;
  std::size_t to_extent() const { return height == 0 ? 0 : (height - 1) * to_pitch + width; }
  std::size_t from_extent() const { return height == 0 ? 0 : (height - 1) * from_pitch + width; }
};

/// What lies at an address, as a copy must know it.
enum class Place { kDevice, kPinned, kPageable };
Place place_of(const void* address, std::size_t bytes);

/// Queues the copy. Runtime API, "API synchronization behavior": which copies return before they are done.
cudaError_t copy(cudaStream_t stream, void* to, const void* from, const CopyShape& shape, cudaMemcpyKind kind,
                 bool asynchronous, const std::string& name);
cudaError_t set_memory(cudaStream_t stream, void* to, int value, std::size_t pitch, std::size_t width,
                       std::size_t height, const std::string& name);

}  // namespace tpscale::virtual_gpu
