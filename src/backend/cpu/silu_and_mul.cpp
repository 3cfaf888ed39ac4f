#include "backend/cpu/cpu_ops.h"
#include "backend/cpu/row_pointer.h"
#include "core/check.h"

namespace tpscale::cpu {

void CpuOps::silu_and_mul(TensorView out, ConstTensorView gate_up) {
  check(out.rows == gate_up.rows && gate_up.cols == 2 * out.cols && out.dtype == gate_up.dtype,
        "silu_and_mul: shapes do not fit");
  const Kernels& table = kernels_for(out.dtype);
  team_.divide(out.rows, row_grain(out.cols), [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t t = begin; t < end; ++t) {
      table.silu_and_mul(element(out, t), element(gate_up, t), element(gate_up, t, out.cols), out.cols);
    }
  });
}

}  // namespace tpscale::cpu
