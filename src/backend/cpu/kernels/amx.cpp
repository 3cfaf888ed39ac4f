#define TPSCALE_LANES 16
#include "backend/cpu/kernels/amx_gemm.h"
#include "backend/cpu/kernels/tables.h"

namespace tpscale::cpu {

const Kernels& amx_kernels(bool bf16) {
  static const Kernels tables[] = {make_kernels<float>(), [] {
                                     Kernels table = make_kernels<Bits16>();
                                     table.packed_size = sizeof(Bits16);
                                     table.rows_at_once = 512;
                                     table.pack_rows = amx_pack_rows;
                                     table.gemm = amx_gemm;
                                     table.multiply_adds = amx_multiply_adds;
                                     table.round_flops = kAmxRoundFlops;
                                     return table;
                                   }()};
  return tables[bf16 ? 1 : 0];
}

}  // namespace tpscale::cpu
