#include "support/virtual_gpu/runtime/copy.h"

#include <cstring>
#include <vector>

#include "support/virtual_gpu/runtime/api.h"

namespace tpscale::virtual_gpu {
namespace {

void copy_rows(std::byte* to, const std::byte* from, const CopyShape& shape) {
  for (std::size_t row = 0; row < shape.height; ++row) {
    std::memmove(to + row * shape.to_pitch, from + row * shape.from_pitch, shape.width);
  }
}

/// Whether `kind` says the truth about both ends (cudaErrorInvalidMemcpyDirection is for values that are no
/// kind; a wrong direction is an invalid value under unified addressing).
bool direction_is(cudaMemcpyKind kind, Place to, Place from) {
  const bool to_device = to == Place::kDevice;
  const bool from_device = from == Place::kDevice;
  switch (kind) {
    case cudaMemcpyHostToDevice:
      return to_device && !from_device;
    case cudaMemcpyDeviceToHost:
      return !to_device && from_device;
    case cudaMemcpyDeviceToDevice:
      return to_device && from_device;
    case cudaMemcpyHostToHost:
      return !to_device && !from_device;
    case cudaMemcpyDefault:
      return true;
  }
  return false;
}

bool in_any_arena(const void* address) {
  for (const auto& device : machine().devices) {
    if (device.memory != nullptr && device.memory->contains(address)) return true;
  }
  return false;
}

void check_range(const std::string& what, const void* address, std::size_t bytes) {
  if (bytes == 0) return;
  const auto allocation = machine().find(address);
  const auto* begin = static_cast<const std::byte*>(address);
  if (allocation && begin + bytes <= allocation->begin + allocation->bytes) return;
  if (!allocation && !in_any_arena(address) && machine().is_pinned(address, bytes)) return;
  char range[64];
  std::snprintf(range, sizeof range, "[%p, +%zu)", address, bytes);
  std::string why = " is neither device memory nor pinned host memory";
  if (allocation) {
    why = " goes beyond its allocation of " + std::to_string(allocation->bytes) +
          " bytes, in which it starts at " + std::to_string(begin - allocation->begin);
  } else if (in_any_arena(address)) {
    why = " is device memory that is not allocated (freed, or never was)";
  }
  report_bug(what + " " + range + why);
}

}  // namespace

void check_device_memory(const std::string& what, const void* pointer, std::size_t bytes) {
  const Lock lock(machine().mutex);
  check_range(what, pointer, bytes);
}

Place place_of(const void* address, std::size_t bytes) {
  if (in_any_arena(address)) return Place::kDevice;
  return machine().is_pinned(address, bytes) ? Place::kPinned : Place::kPageable;
}

cudaError_t copy(cudaStream_t handle, void* to, const void* from, const CopyShape& shape, cudaMemcpyKind kind,
                 bool asynchronous, const std::string& name) {
  return call(
      name.c_str(), asynchronous ? DuringCapture::kAllowed : DuringCapture::kForbidden, [&](Lock& lock) {
        CUstream_st* stream = find_stream(handle);
        if (stream == nullptr) return cudaErrorInvalidResourceHandle;
        if (shape.width == 0 || shape.height == 0) return cudaSuccess;
        const Place to_place = place_of(to, shape.to_extent());
        const Place from_place = place_of(from, shape.from_extent());
        if (!direction_is(kind, to_place, from_place)) return cudaErrorInvalidValue;
        if (to_place == Place::kDevice) check_range("the destination of " + name, to, shape.to_extent());
        if (from_place == Place::kDevice) check_range("the source of " + name, from, shape.from_extent());

        auto run = [=] {
          if (to_place == Place::kDevice)
            check_device_memory("the destination of " + name, to, shape.to_extent());
          if (from_place == Place::kDevice)
            check_device_memory("the source of " + name, from, shape.from_extent());
          copy_rows(static_cast<std::byte*>(to), static_cast<const std::byte*>(from), shape);
        };
        std::function<void()> work = run;
        const bool captures = stream->capture != nullptr;
        // "For transfers from pageable host memory to device memory, ... the pageable buffer has been copied
        // to the staging memory" when the call returns; a graph's node reads it when it runs.
        if (from_place == Place::kPageable && !captures) {
          auto staged = std::make_shared<std::vector<std::byte>>(shape.width * shape.height);
          const CopyShape packing{shape.width, shape.height, shape.width, shape.from_pitch};
          copy_rows(staged->data(), static_cast<const std::byte*>(from), packing);
          work = [=] {
            if (to_place == Place::kDevice)
              check_device_memory("the destination of " + name, to, shape.to_extent());
            const CopyShape unpacking{shape.width, shape.height, shape.to_pitch, shape.width};
            copy_rows(static_cast<std::byte*>(to), staged->data(), unpacking);
          };
        }
        const cudaError_t error = submit(lock, *stream, {"copy", name, once(std::move(work)), {}, {}});
        if (error != cudaSuccess || captures) return error;
        // "For transfers from device memory to pageable host memory, the function will return only once the
        // copy has completed"; "from any host memory to any host memory, the function is fully synchronous";
        // a synchronous copy from device memory to device memory performs no host-side synchronization.
        const bool between_devices = to_place == Place::kDevice && from_place == Place::kDevice;
        const bool on_host = to_place != Place::kDevice && from_place != Place::kDevice;
        if (to_place == Place::kPageable || on_host || (!asynchronous && !between_devices))
          run_stream(lock, *stream);
        return cudaSuccess;
      });
}

cudaError_t set_memory(cudaStream_t handle, void* to, int value, std::size_t pitch, std::size_t width,
                       std::size_t height, const std::string& name) {
  return call(name.c_str(), DuringCapture::kAllowed, [&](Lock& lock) {
    CUstream_st* stream = find_stream(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    if (width == 0 || height == 0) return cudaSuccess;
    const std::size_t extent = (height - 1) * pitch + width;
    if (place_of(to, extent) == Place::kPageable) return cudaErrorInvalidValue;
    check_range("the destination of " + name, to, extent);
    const auto work = [=] {
      check_device_memory("the destination of " + name, to, extent);
      for (std::size_t row = 0; row < height; ++row)
        std::memset(static_cast<std::byte*>(to) + row * pitch, value, width);
    };
    return submit(lock, *stream, {"copy", name, once(work), {}, {}});
  });
}

}  // namespace tpscale::virtual_gpu
