#include "backend/cuda/cuda_ops.h"

#include "backend/cuda/cuda_linear_weights.h"
#include "backend/cuda/linear_runner.h"

namespace tpscale::cuda {

std::unique_ptr<LinearWeights> CudaOps::make_linear(std::int64_t out_features, std::int64_t in_features,
                                                    Dtype dtype, bool /*lookup*/) {
  return std::make_unique<CudaLinearWeights>(memory_, weights_stream_, staging_, out_features, in_features,
                                             dtype);
}

void CudaOps::linear(TensorView out, ConstTensorView x, const LinearWeights& weights, const float* bias) {
  linear_.run(out, x, static_cast<const CudaLinearWeights&>(weights), bias);
}

void CudaOps::tune_linear(std::int64_t rows, const LinearWeights& weights) {
  const auto& own = static_cast<const CudaLinearWeights&>(weights);
  linear_.tune(rows, own);
  // Which of the layers have a norm in front is not known here: every one is timed both ways.
  tune_fused(rows, own, LinearUse::kNormed);
  if (own.out_features() % 2 == 0) tune_fused(rows, own, LinearUse::kNormedSilu);
}

}  // namespace tpscale::cuda
