#include "backend/cuda/tiled_linear/input.cuh"
#include "backend/cuda/tiled_linear/launch_tiled.cuh"
#include "backend/cuda/tiled_linear/tiled_linear.h"

namespace tpscale::cuda {

bool tiled_linear_takes(const NormedRows& rows) {
  return tiled_linear_takes(rows.residual) && whole_vectors(rows.x) && whole_vectors(rows.new_residual) &&
         on_vector(rows.weight) && rows.new_residual.data != rows.residual.data;
}

void tiled_linear(cudaStream_t stream, TensorView out, const NormedRows& rows,
                  const CudaLinearWeights& weights, const float* bias, TiledOutput kind) {
  check(tiled_linear_takes(rows), "tiled_linear: rows to normalise that it does not take");
  check(rows.x.rows == rows.residual.rows && rows.x.cols == rows.residual.cols &&
            rows.new_residual.rows == rows.residual.rows && rows.new_residual.cols == rows.residual.cols,
        "tiled_linear: the residual does not fit");
  tiled::check_shapes(out, rows.residual, weights, kind);
  dispatch_element(out.dtype, [&](auto element) {
    using T = decltype(element);
    const tiled::NormedInput<T> input{rows_of<T>(rows.residual),
                                      rows_of<T>(rows.x),
                                      rows_of<T>(rows.new_residual),
                                      rows.weight,
                                      rows.epsilon,
                                      static_cast<int>(rows.residual.rows)};
    tiled::launch_tiled<T>(stream, weights, input, tiled::output_of<T>(out, bias, kind));
  });
}

}  // namespace tpscale::cuda
