#include "backend/cuda/tiled_linear/input.cuh"
#include "backend/cuda/tiled_linear/launch_tiled.cuh"
#include "backend/cuda/tiled_linear/tiled_linear.h"

namespace tpscale::cuda {

bool tiled_linear_takes(const ConstTensorView& x) {
  return x.rows >= 1 && x.rows <= kMostTiledRows && x.cols > 0 && whole_vectors(x);
}

void tiled_linear(cudaStream_t stream, TensorView out, ConstTensorView x, const CudaLinearWeights& weights,
                  const float* bias, TiledOutput kind) {
  check(tiled_linear_takes(x), "tiled_linear: rows that it does not take");
  tiled::check_shapes(out, x, weights, kind);
  dispatch_element(x.dtype, [&](auto element) {
    using T = decltype(element);
    const tiled::PlainInput<T> input{rows_of<T>(x), static_cast<int>(x.rows)};
    tiled::launch_tiled<T>(stream, weights, input, tiled::output_of<T>(out, bias, kind));
  });
}

}  // namespace tpscale::cuda
