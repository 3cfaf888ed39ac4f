#pragma once
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "backend/backend.h"
#include "core/check.h"

namespace tpscale::test {

/// A backend whose memory the host cannot touch, without a device: its addresses have a bit too many, and
/// whoever follows one ends with a segmentation fault. Copies take the bit away.
class FarMemoryBackend final : public Backend, private BufferSource {
 public:
  explicit FarMemoryBackend(std::string device = "far") : device_(std::move(device)) {}

  std::string_view name() const noexcept override { return "far"; }
  std::string device_name() const override { return "memory out of reach"; }
  std::map<std::string, std::string> facts() const override { return {}; }
  bool supports(Dtype) const noexcept override { return true; }
  bool has_graphs() const noexcept override { return false; }
  Ops& ops() noexcept override { std::terminate(); }
  Stream& stream() noexcept override { return stream_; }
  DeviceProbe& probe() noexcept override { std::terminate(); }
  MemoryTracker& memory() noexcept override { return memory_; }
  DeviceMemory device_memory() const override { return {}; }
  bool memory_is_host() const noexcept override { return false; }
  std::string device_id() const override { return device_; }

  Buffer allocate(std::size_t bytes, MemoryKind kind) override {
    return {*this, far(std::calloc(bytes + 1, 1)), bytes, kind};
  }
  void upload(void* device, const void* host, std::size_t bytes) override {
    if (bytes > 0) std::memcpy(near(device), host, bytes);
  }
  void download(void* host, const void* device, std::size_t bytes) override {
    if (bytes > 0) std::memcpy(host, near(const_cast<void*>(device)), bytes);
  }
  std::unique_ptr<StepGraph> capture(std::function<void()>) override {
    throw InternalError("this backend has no graphs");
  }

 private:
  static constexpr std::uintptr_t kFar = std::uintptr_t{1} << 55;
  static void* far(void* pointer) {
    return reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(pointer) | kFar);
  }
  static void* near(void* pointer) {
    const auto address = reinterpret_cast<std::uintptr_t>(pointer);
    check((address & kFar) != 0, "host memory where the device's is wanted");
    return reinterpret_cast<void*>(address & ~kFar);
  }
  void release(void* data, std::size_t, MemoryKind) noexcept override { std::free(near(data)); }

  class Synchronous final : public Stream {
   public:
    void synchronize() override {}
    void* native() const noexcept override { return nullptr; }
  };
  std::string device_;
  Synchronous stream_;
  MemoryTracker memory_;
};

}  // namespace tpscale::test
