#include "backend/cpu/kernels/isa_tables.h"

namespace tpscale::cpu {

const Kernels* isa_kernels(Isa isa, Dtype dtype) {
  return isa == Isa::kGeneric ? &generic_kernels(dtype) : nullptr;
}

}  // namespace tpscale::cpu
