#include "backend/ops.h"

namespace tpscale {

void Ops::linear_silu_and_mul(TensorView out, ConstTensorView x, const LinearWeights& weights,
                              const float* bias, TensorView gate_up) {
  linear(gate_up, x, weights, bias);
  silu_and_mul(out, gate_up);
}

void Ops::add_rms_norm_linear(TensorView out, ResidualStream& residual, const PendingNorm& norm,
                              const LinearWeights& weights, const float* bias) {
  add_rms_norm(norm.normed, residual.now, norm.x, norm.weight, norm.epsilon);
  linear(out, norm.normed, weights, bias);
}

void Ops::add_rms_norm_linear_silu_and_mul(TensorView out, ResidualStream& residual, const PendingNorm& norm,
                                           const LinearWeights& weights, const float* bias,
                                           TensorView gate_up) {
  add_rms_norm(norm.normed, residual.now, norm.x, norm.weight, norm.epsilon);
  linear_silu_and_mul(out, norm.normed, weights, bias, gate_up);
}

}  // namespace tpscale
