#include "backend/cuda/cuda_ops.h"
#include "backend/cuda/device/launch.cuh"
#include "backend/cuda/device/rows.cuh"
#include "core/check.h"

namespace tpscale::cuda {
namespace {

/// Grid: (rows of out, pieces of a row).
template <class T, int kWidth>
__global__ void __launch_bounds__(kBlockThreads)
    gather_rows_kernel(Rows<T> out, Rows<const T> x, const std::int32_t* rows, int cols) {
  const int col = static_cast<int>(blockIdx.y * blockDim.x + threadIdx.x) * kWidth;
  if (col >= cols) return;
  float values[kWidth];
  load_floats(values, x[rows[blockIdx.x]] + col);
  store_floats(out[blockIdx.x] + col, values);
}

}  // namespace

void CudaOps::gather_rows(TensorView out, ConstTensorView x, const std::int32_t* rows) {
  check(out.cols == x.cols && out.dtype == x.dtype, "gather_rows: shapes do not fit");
  if (out.rows == 0) return;
  dispatch_width(out.dtype, whole_vectors(out) && whole_vectors(x), [&](auto element, auto width) {
    using T = decltype(element);
    const std::int64_t pieces = out.cols / width();
    const int threads = threads_for(pieces);
    launch(stream_, dim3(static_cast<unsigned>(out.rows), blocks_for(pieces, threads)),
           dim3(static_cast<unsigned>(threads)), 0, gather_rows_kernel<T, width()>, rows_of<T>(out),
           rows_of<T>(x), rows, static_cast<int>(out.cols));
  });
}

}  // namespace tpscale::cuda
