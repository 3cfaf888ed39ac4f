#include "backend/cpu/kernels/isa_tables.h"
#include "core/check.h"

namespace tpscale::cpu {

bool has_isa(Isa isa) {
  return isa_kernels(isa, false) != nullptr;
}

const Kernels& kernels(Isa isa, bool bf16) {
  const Kernels* table = isa_kernels(isa, bf16);
  check(table != nullptr, "kernels of an instruction set that this machine has not got");
  return *table;
}

}  // namespace tpscale::cpu
