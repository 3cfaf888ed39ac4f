#include "backend/cpu/kernels/isa_tables.h"

namespace tpscale::cpu {

const Kernels* isa_kernels(Isa isa, bool bf16) {
  return isa == Isa::kGeneric ? &generic_kernels(bf16) : nullptr;
}

}  // namespace tpscale::cpu
