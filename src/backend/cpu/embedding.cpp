#include <cstring>

#include "backend/cpu/cpu_ops.h"
#include "backend/cpu/onednn/onednn_linear.h"
#include "backend/cpu/packed_linear.h"
#include "backend/cpu/row_pointer.h"
#include "core/check.h"

namespace tpscale::cpu {

void CpuOps::embedding(TensorView out, const LinearWeights& table, const std::int32_t* ids,
                       std::int64_t first_row) {
  const auto* packed = dynamic_cast<const PackedLinear*>(&table);
  const auto* plain = dynamic_cast<const OneDnnLinear*>(&table);
  check(packed != nullptr || plain != nullptr, "an embedding table of another backend");
  check(out.cols == table.in_features() && out.dtype == table.dtype(), "embedding: shapes do not fit");
  const std::size_t row_bytes = static_cast<std::size_t>(out.cols) * size_of(out.dtype);
  team_.divide(out.rows, row_grain(out.cols), [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t t = begin; t < end; ++t) {
      const std::int64_t row = ids[t] - first_row;
      if (row >= 0 && row < table.out_features()) {
        packed != nullptr ? packed->read_row(row, element(out, t)) : plain->read_row(row, element(out, t));
      } else {
        std::memset(element(out, t), 0, row_bytes);
      }
    }
  });
}

}  // namespace tpscale::cpu
