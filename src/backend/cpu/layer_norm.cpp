#include "backend/cpu/cpu_ops.h"
#include "backend/cpu/row_pointer.h"
#include "core/check.h"

namespace tpscale::cpu {

void CpuOps::layer_norm(TensorView out, ConstTensorView x, const float* weight, const float* bias,
                        float epsilon) {
  check(out.rows == x.rows && out.cols == x.cols && out.dtype == x.dtype, "layer_norm: shapes do not fit");
  const Kernels& table = kernels_for(x.dtype);
  team_.divide(x.rows, row_grain(x.cols), [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t t = begin; t < end; ++t) {
      table.layer_norm(element(out, t), element(x, t), weight, bias, epsilon, x.cols);
    }
  });
}

void CpuOps::add_layer_norm(TensorView out, TensorView residual, ConstTensorView x, const float* weight,
                            const float* bias, float epsilon) {
  check(out.rows == x.rows && out.cols == x.cols && out.dtype == x.dtype,
        "add_layer_norm: shapes do not fit");
  check(residual.rows == x.rows && residual.cols == x.cols && residual.dtype == x.dtype,
        "add_layer_norm: the residual does not fit");
  const Kernels& table = kernels_for(x.dtype);
  team_.divide(x.rows, row_grain(x.cols), [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t t = begin; t < end; ++t) {
      table.add(element(residual, t), element(x, t), x.cols);
      table.layer_norm(element(out, t), element(residual, t), weight, bias, epsilon, x.cols);
    }
  });
}

}  // namespace tpscale::cpu
