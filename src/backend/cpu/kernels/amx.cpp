#define TPSCALE_LANES 16
#include "backend/cpu/kernels/amx_gemm.h"
#include "backend/cpu/kernels/tables.h"

namespace tpscale::cpu {

const Kernels& amx_kernels(Dtype dtype) {
  static const KernelTables tables = [] {
    KernelTables made;
    made.bf16.packed_size = sizeof(Bits16);
    made.bf16.rows_at_once = 512;
    made.bf16.pack_rows = amx_pack_rows;
    made.bf16.gemm = amx_gemm;
    made.bf16.multiply_adds = amx_multiply_adds;
    made.bf16.round_flops = kAmxRoundFlops;
    return made;
  }();
  return tables.of(dtype);
}

}  // namespace tpscale::cpu
