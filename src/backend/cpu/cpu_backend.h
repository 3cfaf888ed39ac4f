#pragma once
#include <map>
#include <memory>
#include <string>

#include "backend/backend.h"
#include "backend/cpu/cpu_memory.h"
#include "backend/cpu/cpu_ops.h"
#include "backend/cpu/cpu_probe.h"
#include "backend/cpu/kernels/kernels.h"
#include "backend/cpu/thread_team.h"

namespace tpscale::cpu {

/// Work is done when an op returns: there is nothing to wait for.
class NullStream final : public Stream {
 public:
  void synchronize() override {}
  void* native() const noexcept override { return nullptr; }
};

/// One rank's share of the host: its threads, its memory.
class CpuBackend final : public Backend {
 public:
  CpuBackend(const BackendOptions& options, const DevicePlace& place, Isa isa);

  std::string_view name() const noexcept override { return "cpu"; }
  std::string device_name() const override;
  std::map<std::string, std::string> facts() const override;
  bool supports(Dtype dtype) const noexcept override {
    return dtype != Dtype::kF16 || options_.linear != "onednn";  // 2.6 has no f16 on processors
  }
  bool has_graphs() const noexcept override { return false; }

  Ops& ops() noexcept override { return ops_; }
  Stream& stream() noexcept override { return stream_; }
  DeviceProbe& probe() noexcept override { return probe_; }
  MemoryTracker& memory() noexcept override { return memory_.tracker(); }
  DeviceMemory device_memory() const override;
  void reset_peak() override;

  Buffer allocate(std::size_t bytes, MemoryKind kind) override { return memory_.allocate(bytes, kind); }
  void upload(void* device, const void* host, std::size_t bytes) override;
  void download(void* host, const void* device, std::size_t bytes) override;
  std::unique_ptr<StepGraph> capture(std::function<void()> step) override;

 private:
  BackendOptions options_;
  Isa isa_;
  CpuMemory memory_;
  ThreadTeam team_;
  NullStream stream_;
  CpuOps ops_;
  CpuProbe probe_;
};

}  // namespace tpscale::cpu
