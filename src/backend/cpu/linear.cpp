#include <algorithm>

#include "backend/cpu/cpu_ops.h"
#include "backend/cpu/packed_linear.h"
#include "backend/cpu/row_pointer.h"
#include "core/check.h"

namespace tpscale::cpu {
namespace {

constexpr std::int64_t kRowBlock = 256;  // rows widened to fp32 at a time

}  // namespace

std::unique_ptr<LinearWeights> CpuOps::make_linear(std::int64_t out_features, std::int64_t in_features,
                                                   Dtype dtype, bool /*lookup*/) {
  auto weights = std::make_unique<PackedLinear>(memory_, team_, out_features, in_features, dtype);
  grow(gemm_scratch_, static_cast<std::size_t>(kRowBlock * weights->depth()) * sizeof(float));
  return weights;
}

void CpuOps::linear(TensorView out, ConstTensorView x, const LinearWeights& weights, const float* bias) {
  const auto* packed = dynamic_cast<const PackedLinear*>(&weights);
  check(packed != nullptr, "linear weights of another backend");
  check(out.rows == x.rows && out.cols == packed->out_features() && x.cols == packed->in_features(),
        "linear: shapes do not fit");
  check(out.dtype == packed->dtype() && x.dtype == packed->dtype(), "linear: dtypes do not fit");
  const Kernels& table = kernels_for(x.dtype);
  auto* widened = gemm_scratch_.as<float>();
  const std::int64_t depth = packed->depth();
  for (std::int64_t first = 0; first < x.rows; first += kRowBlock) {
    const std::int64_t rows = std::min(kRowBlock, x.rows - first);
    team_.divide(rows, row_grain(x.cols), [&](std::int64_t begin, std::int64_t end, int) {
      for (std::int64_t r = begin; r < end; ++r) {
        table.to_float(widened + r * depth, element(x, first + r), x.cols);
        std::fill(widened + r * depth + x.cols, widened + (r + 1) * depth, 0.0F);
      }
    });
    team_.divide(packed->panels(), 1, [&](std::int64_t begin, std::int64_t end, int) {
      GemmJob job;
      job.x = widened;
      job.x_stride = depth;
      job.rows = rows;
      job.depth = depth;
      job.panels = packed->data();
      job.bias = bias;
      job.out = element(out, first);
      job.out_stride = out.row_stride;
      job.cols = out.cols;
      job.first_panel = begin;
      job.last_panel = end;
      table.gemm(job);
    });
  }
}

}  // namespace tpscale::cpu
