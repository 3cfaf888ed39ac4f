#include "backend/cpu/cpu_ops.h"

namespace tpscale::cpu {

const Kernels& CpuOps::kernels_for(Dtype dtype) const {
  return kernels(isa_, dtype);
}

void CpuOps::grow(Buffer& buffer, std::size_t bytes) {
  if (buffer.bytes() >= bytes) return;
  buffer = Buffer{};
  buffer = memory_.allocate(bytes, MemoryKind::kActivations);
}

}  // namespace tpscale::cpu
