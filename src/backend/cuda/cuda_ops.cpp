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
  linear_.tune(rows, static_cast<const CudaLinearWeights&>(weights));
}

}  // namespace tpscale::cuda
