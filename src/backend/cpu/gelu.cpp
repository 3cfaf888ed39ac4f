#include "backend/cpu/cpu_ops.h"
#include "backend/cpu/row_pointer.h"
#include "core/check.h"

namespace tpscale::cpu {

void CpuOps::gelu(TensorView out, ConstTensorView x, Gelu formula) {
  check(out.rows == x.rows && out.cols == x.cols && out.dtype == x.dtype, "gelu: shapes do not fit");
  const Kernels& table = kernels_for(x.dtype);
  team_.divide(x.rows, row_grain(x.cols), [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t t = begin; t < end; ++t) {
      table.gelu(element(out, t), element(x, t), formula == Gelu::kTanh, x.cols);
    }
  });
}

}  // namespace tpscale::cpu
