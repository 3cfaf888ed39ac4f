#include "backend/cpu/cpu_ops.h"
#include "backend/cpu/onednn/onednn_linear.h"
#include "backend/cpu/packed_linear.h"
#include "backend/cpu/row_pointer.h"
#include "core/check.h"

namespace tpscale::cpu {

void CpuOps::add_embedding(TensorView out, const LinearWeights& table, const std::int32_t* rows) {
  const auto* packed = dynamic_cast<const PackedLinear*>(&table);
  const auto* plain = dynamic_cast<const OneDnnLinear*>(&table);
  check(packed != nullptr || plain != nullptr, "an embedding table of another backend");
  check(out.cols == table.in_features() && out.dtype == table.dtype(), "add_embedding: shapes do not fit");
  const Kernels& kernels = kernels_for(out.dtype);
  const std::size_t row_bytes = (static_cast<std::size_t>(out.cols) * size_of(out.dtype) + 63) / 64 * 64;
  grow(embedding_scratch_, static_cast<std::size_t>(team_.size()) * row_bytes);
  team_.divide(out.rows, row_grain(out.cols), [&](std::int64_t begin, std::int64_t end, int thread) {
    void* row = embedding_scratch_.as<std::byte>() + static_cast<std::size_t>(thread) * row_bytes;
    for (std::int64_t t = begin; t < end; ++t) {
      packed != nullptr ? packed->read_row(rows[t], row) : plain->read_row(rows[t], row);
      kernels.add(element(out, t), row, out.cols);
    }
  });
}

}  // namespace tpscale::cpu
