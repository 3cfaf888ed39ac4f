#include <utility>

#include "backend/cuda/cuda_linear_weights.h"
#include "backend/cuda/cuda_ops.h"
#include "backend/cuda/linear_runner.h"
#include "backend/cuda/skinny_linear/skinny_linear.h"
#include "backend/cuda/tiled_linear/tiled_linear.h"

namespace tpscale::cuda {
namespace {

NormedRows rows_of(const ResidualStream& residual, const PendingNorm& norm) {
  return {residual.now, norm.x, residual.next, norm.weight, norm.epsilon};
}

}  // namespace

void CudaOps::linear_silu_and_mul(TensorView out, ConstTensorView x, const LinearWeights& weights,
                                  const float* bias, TensorView gate_up) {
  const auto& own = static_cast<const CudaLinearWeights&>(weights);
  if (!linear_.takes_own_kernel(x.rows, own)) {
    Ops::linear_silu_and_mul(out, x, weights, bias, gate_up);
    return;
  }
  skinny_linear_silu_and_mul(stream_, out, x, own, bias);
}

bool CudaOps::enqueue_fused(TensorView out, const ResidualStream& residual, const PendingNorm& norm,
                            const CudaLinearWeights& weights, const float* bias, LinearUse use) {
  const NormedRows rows = rows_of(residual, norm);
  const bool silu = use == LinearUse::kNormedSilu;
  if (skinny_linear_takes(rows)) {
    if (silu) {
      skinny_linear_silu_and_mul(stream_, out, rows, weights, bias);
    } else {
      skinny_linear(stream_, out, rows, weights, bias);
    }
    return true;
  }
  if (!tiled_linear_takes(rows)) return false;
  tiled_linear(stream_, out, rows, weights, bias, silu ? TiledOutput::kSiluAndMul : TiledOutput::kLinear);
  return true;
}

void CudaOps::add_rms_norm_linear(TensorView out, ResidualStream& residual, const PendingNorm& norm,
                                  const LinearWeights& weights, const float* bias) {
  const auto& own = static_cast<const CudaLinearWeights&>(weights);
  if (linear_.prefers_fused(out.rows, own, LinearUse::kNormed) &&
      enqueue_fused(out, residual, norm, own, bias, LinearUse::kNormed)) {
    std::swap(residual.now, residual.next);
    return;
  }
  Ops::add_rms_norm_linear(out, residual, norm, weights, bias);
}

void CudaOps::add_rms_norm_linear_silu_and_mul(TensorView out, ResidualStream& residual,
                                               const PendingNorm& norm, const LinearWeights& weights,
                                               const float* bias, TensorView gate_up) {
  const auto& own = static_cast<const CudaLinearWeights&>(weights);
  if (linear_.prefers_fused(out.rows, own, LinearUse::kNormedSilu) &&
      enqueue_fused(out, residual, norm, own, bias, LinearUse::kNormedSilu)) {
    std::swap(residual.now, residual.next);
    return;
  }
  Ops::add_rms_norm_linear_silu_and_mul(out, residual, norm, weights, bias, gate_up);
}

}  // namespace tpscale::cuda
