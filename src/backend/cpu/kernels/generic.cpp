#define TPSCALE_LANES 4
#include "backend/cpu/kernels/tables.h"

namespace tpscale::cpu {

const Kernels& generic_kernels(Dtype dtype) {
  static const KernelTables tables;
  return tables.of(dtype);
}

}  // namespace tpscale::cpu
