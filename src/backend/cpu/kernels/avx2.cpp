#define TPSCALE_LANES 8
#include "backend/cpu/kernels/tables.h"

namespace tpscale::cpu {

const Kernels& avx2_kernels(Dtype dtype) {
  static const KernelTables tables;
  return tables.of(dtype);
}

}  // namespace tpscale::cpu
