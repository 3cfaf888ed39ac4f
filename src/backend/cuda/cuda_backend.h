#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "backend/backend.h"
#include "backend/cuda/cuda_device.h"
#include "backend/cuda/cuda_memory.h"
#include "backend/cuda/cuda_ops.h"
#include "backend/cuda/cuda_probe.h"
#include "backend/cuda/cuda_stream.h"
#include "backend/cuda/linear_runner.h"
#include "backend/cuda/nvml.h"
#include "backend/cuda/pinned_memory.h"
#include "backend/cuda/pinned_staging.h"

namespace tpscale::cuda {

/// One rank's GPU. Where there are fewer devices than ranks on the host, ranks share them in turn.
class CudaBackend final : public Backend {
 public:
  explicit CudaBackend(const DevicePlace& place);
  ~CudaBackend() override;

  std::string_view name() const noexcept override { return "cuda"; }
  std::string device_name() const override { return device_.name; }
  std::map<std::string, std::string> facts() const override;
  bool supports(Dtype) const noexcept override { return true; }
  bool has_graphs() const noexcept override { return true; }

  Ops& ops() noexcept override { return ops_; }
  Stream& stream() noexcept override { return stream_; }
  DeviceProbe& probe() noexcept override { return probe_; }
  MemoryTracker& memory() noexcept override { return memory_.tracker(); }
  DeviceMemory device_memory() const override;

  Buffer allocate(std::size_t bytes, MemoryKind kind) override;
  void upload(void* device, const void* host, std::size_t bytes) override;
  void download(void* host, const void* device, std::size_t bytes) override;
  std::unique_ptr<HostFetch> make_fetch(std::size_t capacity) override;
  std::unique_ptr<Transfer> make_transfer(std::size_t most_bytes, std::size_t most_pieces) override;
  bool memory_is_host() const noexcept override { return false; }
  std::string device_id() const override { return device_.uuid; }
  std::shared_ptr<std::byte[]> host_memory(std::size_t bytes) override { return pinned_.allocate(bytes); }
  bool pins_host_memory() const noexcept override { return true; }

  std::optional<DeviceState> device_state() const override;
  void range_push(const char* name) noexcept override;
  void range_pop() noexcept override;
  void reset_peak() override;
  std::unique_ptr<StepGraph> capture(std::function<void()> step) override;

 private:
  std::size_t used_bytes() const;  ///< by this process where the driver tells, else by all

  DevicePlace place_;
  CudaDevice device_;
  CudaStream stream_;
  CudaMemory memory_;
  PinnedMemory pinned_;
  PinnedStaging staging_;
  LinearRunner linear_;
  CudaOps ops_;
  CudaProbe probe_;
  std::unique_ptr<NvmlDevice> nvml_;
  mutable std::atomic<std::size_t> peak_bytes_{0};
  bool recording_ = false;
};

}  // namespace tpscale::cuda
