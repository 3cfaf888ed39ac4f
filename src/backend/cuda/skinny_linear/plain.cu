#include "backend/cuda/skinny_linear/launch_skinny.cuh"
#include "backend/cuda/skinny_linear/skinny_linear.h"

namespace tpscale::cuda {
namespace {

constexpr std::int64_t kMostRows16 = 32;
constexpr std::int64_t kMostRows32 = 8;

}  // namespace

bool skinny_linear_takes(std::int64_t rows, Dtype dtype) {
  return rows >= 1 && rows <= (dtype == Dtype::kF32 ? kMostRows32 : kMostRows16);
}

void skinny_linear(cudaStream_t stream, TensorView out, ConstTensorView x, const CudaLinearWeights& weights,
                   const float* bias) {
  check(skinny_linear_takes(x.rows, x.dtype), "skinny_linear: more rows than it takes");
  check(out.rows == x.rows && out.cols == weights.out_features() && x.cols == weights.in_features() &&
            out.dtype == weights.dtype() && x.dtype == weights.dtype(),
        "skinny_linear: shapes do not fit");
  dispatch_element(x.dtype, [&](auto element) {
    using T = decltype(element);
    const PlainInput<T> input{rows_of<T>(x), static_cast<int>(x.rows), rows_on_vectors(x)};
    const LinearOutput<T> output{rows_of<T>(out), bias, static_cast<int>(out.cols)};
    launch_skinny<T, 32>(stream, weights, input, output, 0);
  });
}

}  // namespace tpscale::cuda
