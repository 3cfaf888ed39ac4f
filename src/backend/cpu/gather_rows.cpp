#include <cstring>

#include "backend/cpu/cpu_ops.h"
#include "backend/cpu/row_pointer.h"
#include "core/check.h"

namespace tpscale::cpu {

void CpuOps::gather_rows(TensorView out, ConstTensorView x, const std::int32_t* rows) {
  check(out.cols == x.cols && out.dtype == x.dtype, "gather_rows: shapes do not fit");
  const std::size_t row_bytes = static_cast<std::size_t>(out.cols) * size_of(out.dtype);
  team_.divide(out.rows, row_grain(out.cols), [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t i = begin; i < end; ++i) std::memcpy(element(out, i), element(x, rows[i]), row_bytes);
  });
}

}  // namespace tpscale::cpu
