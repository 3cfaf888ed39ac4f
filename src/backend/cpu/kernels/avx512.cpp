#define TPSCALE_LANES 16
#include "backend/cpu/kernels/tables.h"

namespace tpscale::cpu {

const Kernels& avx512_kernels(bool bf16) {
  static const Kernels tables[] = {make_kernels<float>(), make_kernels<Bits16>()};
  return tables[bf16 ? 1 : 0];
}

}  // namespace tpscale::cpu
