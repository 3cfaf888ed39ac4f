#pragma once
#include <atomic>
#include <cstdint>

#include "backend/cpu/cpu_memory.h"
#include "backend/cpu/kernels/kernels.h"
#include "backend/cpu/thread_team.h"
#include "backend/device_probe.h"

namespace tpscale::cpu {

class CpuProbe final : public DeviceProbe {
 public:
  CpuProbe(CpuMemory& memory, ThreadTeam& team, Isa isa) : memory_(memory), team_(team), isa_(isa) {}

  double read_bandwidth(std::size_t working_set_bytes, double seconds) override;
  double copy_bandwidth(std::size_t working_set_bytes, double seconds) override;
  double multiply_add_peak(Dtype dtype, double seconds) override;
  double gemm_rate(Dtype dtype, double seconds) override;

 private:
  double gemm_rate_of(bool onednn, Dtype dtype, double seconds);

  CpuMemory& memory_;
  ThreadTeam& team_;
  Isa isa_;
  std::atomic<std::uint64_t> checksum_{0};  ///< keeps the compiler from dropping the work
};

}  // namespace tpscale::cpu
