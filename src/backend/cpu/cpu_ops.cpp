#include "backend/cpu/cpu_ops.h"

#include "core/check.h"

namespace tpscale::cpu {

const Kernels& CpuOps::kernels_for(Dtype dtype) const {
  check(dtype == Dtype::kF32 || dtype == Dtype::kBF16, "the CPU backend computes in f32 and bf16");
  return kernels(isa_, dtype == Dtype::kBF16);
}

void CpuOps::grow(Buffer& buffer, std::size_t bytes) {
  if (buffer.bytes() >= bytes) return;
  buffer = Buffer{};
  buffer = memory_.allocate(bytes, MemoryKind::kActivations);
}

}  // namespace tpscale::cpu
