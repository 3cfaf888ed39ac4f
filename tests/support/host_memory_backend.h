#pragma once
#include "backend/backend.h"
#include "core/check.h"

namespace tpscale::test {

/// A backend that is asked for its name and stream only: for tests of what only needs host memory.
class HostMemoryBackend final : public Backend {
 public:
  std::string_view name() const noexcept override { return "cpu"; }
  std::string device_name() const override { return "host memory"; }
  std::map<std::string, std::string> facts() const override { return {}; }
  bool supports(Dtype) const noexcept override { return false; }
  bool has_graphs() const noexcept override { return false; }
  Ops& ops() noexcept override { std::terminate(); }
  Stream& stream() noexcept override { return stream_; }
  DeviceProbe& probe() noexcept override { std::terminate(); }
  MemoryTracker& memory() noexcept override { return memory_; }
  DeviceMemory device_memory() const override { return {}; }
  Buffer allocate(std::size_t, MemoryKind) override { throw InternalError("this backend has no memory"); }
  void upload(void*, const void*, std::size_t) override { throw InternalError("this backend has no memory"); }
  void download(void*, const void*, std::size_t) override {
    throw InternalError("this backend has no memory");
  }
  std::unique_ptr<StepGraph> capture(std::function<void()>) override {
    throw InternalError("this backend has no graphs");
  }

 private:
  class Synchronous final : public Stream {
   public:
    void synchronize() override {}
    void* native() const noexcept override { return nullptr; }
  };
  Synchronous stream_;
  MemoryTracker memory_;
};

}  // namespace tpscale::test
