#include <algorithm>

#include "backend/cpu/cpu_ops.h"
#include "backend/cpu/onednn/onednn_linear.h"
#include "backend/cpu/packed_linear.h"
#include "backend/cpu/row_pointer.h"
#include "core/check.h"

namespace tpscale::cpu {
namespace {

constexpr std::int64_t kRowUnit = 32;       // rows are packed in whole units
constexpr std::int64_t kPackGrain = 16384;  // elements a thread packs at least

/// Rows packed and multiplied at a time: as many as keep the packed form in the second-level cache.
std::int64_t rows_at_once(const Kernels& table, std::int64_t depth) {
  const std::int64_t rows =
      table.rows_at_once * 1024 / std::max<std::int64_t>(depth, 1024) / kRowUnit * kRowUnit;
  return std::clamp(rows, 2 * kRowUnit, kMaxRows);
}

/// A row further than the depth, so that rows do not fall into the same sets of the cache.
std::int64_t packed_stride(std::int64_t depth) {
  return (depth + 15) / 16 * 16 + 16;
}

}  // namespace

std::unique_ptr<LinearWeights> CpuOps::make_linear(std::int64_t out_features, std::int64_t in_features,
                                                   Dtype dtype, bool lookup) {
  if (onednn_) return make_onednn_linear(memory_, team_.size(), out_features, in_features, dtype, lookup);
  auto weights = std::make_unique<PackedLinear>(memory_, team_, out_features, in_features, dtype);
  const Kernels& table = kernels_for(dtype);
  grow(gemm_scratch_, static_cast<std::size_t>((rows_at_once(table, weights->depth()) + kSpareRows) *
                                               packed_stride(weights->depth()) * table.packed_size));
  grow(partial_scratch_,
       static_cast<std::size_t>(team_.size() * (kMaxRows + kSpareRows) * kPanelCols) * sizeof(float));
  return weights;
}

void CpuOps::linear(TensorView out, ConstTensorView x, const LinearWeights& weights, const float* bias) {
  if (const auto* reference = dynamic_cast<const OneDnnLinear*>(&weights))
    return reference->multiply(out, x, bias);
  const auto* packed = dynamic_cast<const PackedLinear*>(&weights);
  check(packed != nullptr, "linear weights of another backend");
  check(out.rows == x.rows && out.cols == packed->out_features() && x.cols == packed->in_features(),
        "linear: shapes do not fit");
  check(out.dtype == packed->dtype() && x.dtype == packed->dtype(), "linear: dtypes do not fit");
  const Kernels& table = kernels_for(x.dtype);
  const std::int64_t depth = packed->depth();
  const std::int64_t most = rows_at_once(table, depth);
  for (std::int64_t first = 0; first < x.rows; first += most) {
    const std::int64_t rows = std::min(most, x.rows - first);
    const PackJob pack{
        gemm_scratch_.data(), packed_stride(depth), element(x, first), x.row_stride, x.cols, depth};
    const std::int64_t grain = std::max(kRowUnit, kPackGrain / depth / kRowUnit * kRowUnit);
    team_.divide(rows, grain,
                 [&](std::int64_t begin, std::int64_t end, int) { table.pack_rows(pack, begin, end); });
    team_.divide(packed->panels(), 1, [&](std::int64_t begin, std::int64_t end, int thread) {
      GemmJob job;
      job.x = pack.packed;
      job.x_stride = pack.packed_stride;
      job.rows = rows;
      job.depth = depth;
      job.panels = packed->data();
      job.bias = bias;
      job.out = element(out, first);
      job.out_stride = out.row_stride;
      job.cols = out.cols;
      job.first_panel = begin;
      job.last_panel = end;
      job.partial = partial_scratch_.as<float>() + thread * (kMaxRows + kSpareRows) * kPanelCols;
      table.gemm(job);
    });
  }
}

}  // namespace tpscale::cpu
