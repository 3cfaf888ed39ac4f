#define TPSCALE_LANES 16
#include "backend/cpu/kernels/amx_gemm.h"
#include "backend/cpu/kernels/amx_half.h"
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
    made.f16.packed_size = 2 * sizeof(Bits16);
    made.f16.rows_at_once = 256;
    made.f16.pack_rows = amx_pack_half_rows;
    made.f16.gemm = amx_half_gemm;
    made.f16.multiply_adds = amx_multiply_adds;
    made.f16.round_flops = kAmxRoundFlops / 4;
    return made;
  }();
  return tables.of(dtype);
}

}  // namespace tpscale::cpu
