#define TPSCALE_LANES 16
#include "backend/cpu/kernels/tables.h"

namespace tpscale::cpu {

const Kernels& avx512_kernels(Dtype dtype) {
  static const KernelTables tables;
  return tables.of(dtype);
}

}  // namespace tpscale::cpu
