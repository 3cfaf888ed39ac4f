#include "backend/cpu/kernels/isa_tables.h"
#include "core/check.h"

namespace tpscale::cpu {

bool has_isa(Isa isa) {
  return isa_kernels(isa, Dtype::kF32) != nullptr;
}

const Kernels& kernels(Isa isa, Dtype dtype) {
  const Kernels* table = isa_kernels(isa, dtype);
  check(table != nullptr, "kernels of an instruction set that this machine has not got");
  return *table;
}

}  // namespace tpscale::cpu
