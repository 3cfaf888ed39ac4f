#include "backend/cuda/cuda_ops.h"
#include "backend/cuda/device/launch.cuh"
#include "backend/cuda/device/rows.cuh"
#include "core/check.h"

namespace tpscale::cuda {
namespace {

/// The share of the normal distribution below x, or GPT-2's formula for it: (1 + tanh(u)) / 2 with
/// u = sqrt(2 / pi) (x + 0.044715 x^3).
template <bool kTanh>
__device__ float normal_share(float x) {
  if constexpr (kTanh) return 1.0F / (1.0F + expf(-1.5957691F * (x + 0.044715F * x * x * x)));
  return 0.5F * erfcf(-0.70710678F * x);
}

/// Grid: (tokens, pieces of a row).
template <class T, int kWidth, bool kTanh>
__global__ void __launch_bounds__(kBlockThreads) gelu_kernel(Rows<T> out, Rows<const T> x, int cols) {
  const int col = static_cast<int>(blockIdx.y * blockDim.x + threadIdx.x) * kWidth;
  if (col >= cols) return;
  float values[kWidth];
  load_floats(values, x[blockIdx.x] + col);
#pragma unroll
  for (int i = 0; i < kWidth; ++i) values[i] *= normal_share<kTanh>(values[i]);
  store_floats(out[blockIdx.x] + col, values);
}

}  // namespace

void CudaOps::gelu(TensorView out, ConstTensorView x, Gelu formula) {
  check(out.rows == x.rows && out.cols == x.cols && out.dtype == x.dtype, "gelu: shapes do not fit");
  if (out.rows == 0) return;
  dispatch_width(out.dtype, whole_vectors(out) && whole_vectors(x), [&](auto element, auto width) {
    using T = decltype(element);
    const std::int64_t pieces = out.cols / width();
    const int threads = threads_for(pieces);
    const dim3 grid(static_cast<unsigned>(out.rows), blocks_for(pieces, threads));
    const auto kernel =
        formula == Gelu::kTanh ? gelu_kernel<T, width(), true> : gelu_kernel<T, width(), false>;
    launch(stream_, grid, dim3(static_cast<unsigned>(threads)), 0, kernel, rows_of<T>(out), rows_of<T>(x),
           static_cast<int>(out.cols));
  });
}

}  // namespace tpscale::cuda
